#include "host/app/remote.h"

#include <fmt/format.h>

#include "host/admin/client.h"

namespace gantry::app {
namespace {

using Json = nlohmann::json;

Result<Json> read_answer(const Result<admin::AdminReply>& reply) {
    if (!reply) return reply.error();
    Json json = Json::parse(reply->body, nullptr, false);
    if (reply->status >= 300) {
        const std::string sentence = json.is_object() ? text_of(json, "error") : "";
        return Error{Status::refused, sentence.empty()
                                          ? fmt::format("the host answered {}", reply->status)
                                          : sentence};
    }
    if (json.is_discarded()) return Error{Status::invalid, "the host's answer is no JSON"};
    return json;
}

}  // namespace

std::string text_of(const Json& json, const char* key) {
    const auto found = json.find(key);
    if (found == json.end() || found->is_null()) return {};
    return found->is_string() ? found->get<std::string>() : found->dump();
}

Result<Json> ask_host(const admin::RuntimeInfo& host, const std::string& path) {
    return read_answer(admin::AdminClient{host.url, host.token}.get(path));
}

Result<Json> tell_host(const admin::RuntimeInfo& host, const std::string& path, const Json& body) {
    return read_answer(admin::AdminClient{host.url, host.token}.post(path, body.dump()));
}

Result<Json> ask_swap(const admin::RuntimeInfo& host, const std::string& path, const Json& body) {
    auto report = tell_host(host, path, body);
    if (report && (!report->is_object() || !report->contains("outcome"))) {
        return Error{Status::invalid, "the host's answer is no report of a swap"};
    }
    return report;
}

}  // namespace gantry::app
