#include "host/testing/test_program.h"

#include <span>
#include <stdexcept>
#include <utility>

#include "host/manifest/parser.h"
#include "host/platform/child_process.h"
#include "host/plugin/gate.h"

namespace gantry::test {
namespace {

SwapOutcome outcome_of(plugin::SwapOutcome outcome) noexcept {
    switch (outcome) {
        case plugin::SwapOutcome::running:
            return SwapOutcome::running;
        case plugin::SwapOutcome::committed:
            return SwapOutcome::committed;
        case plugin::SwapOutcome::refused:
            return SwapOutcome::refused;
        case plugin::SwapOutcome::given_up:
            return SwapOutcome::given_up;
        case plugin::SwapOutcome::rolled_back:
            return SwapOutcome::rolled_back;
    }
    return SwapOutcome::running;
}

void give(const Reply& reply, FrameSink& sink) {
    ReceivedFrame frame;
    frame.payload = std::string_view{reply.text};
    frame.correlation = reply.correlation;
    frame.id = reply.id;
    frame.status = reply.status;
    frame.is_response = (reply.flags & net::frame_flags::response) != 0 ? 1 : 0;
    sink.take(frame);
}

std::vector<std::string> strings_of(const Str* strs, std::uint64_t count) {
    std::vector<std::string> strings;
    for (const Str& one : std::span{strs, static_cast<std::size_t>(count)}) {
        strings.emplace_back(one.view());
    }
    return strings;
}

plugin::GateRules rules_with(const std::vector<std::string>& allow) {
    plugin::GateRules rules;
    rules.allow_libraries = allow;
    return rules;
}

/// As a manifest has it: an object, and its compact text for the plugins.
std::string config_text(std::string_view text) {
    manifest::Diagnostics wrong;
    const auto node = manifest::parse(text, 0, ".config of the test", wrong);
    if (!node) throw std::runtime_error{wrong.text()};
    if (!node->is(manifest::Node::Kind::object)) {
        throw std::runtime_error{".config of the test is " + manifest::describe(*node) +
                                 ", and not a JSON object"};
    }
    return manifest::to_text(*node);
}

class Client final : public ClientPeer {
public:
    Client(Program& program, TestClient client) : program_{program}, client_{std::move(client)} {}

    Status send(std::uint16_t id, Bytes payload) noexcept override {
        return program_.guarded([&] { client_.send(id, payload.text()); });
    }
    Status ask(std::uint16_t id, Bytes payload, std::uint32_t& correlation) noexcept override {
        return program_.guarded([&] { correlation = client_.ask(id, payload.text()); });
    }
    Status call(std::uint16_t id, Bytes payload, FrameSink& answer) noexcept override {
        return program_.guarded([&] { give(client_.call(id, payload.text()), answer); });
    }
    Status received(FrameSink& frames) noexcept override {
        return program_.guarded([&] {
            for (const Reply& reply : client_.received()) give(reply, frames);
        });
    }
    Status close() noexcept override {
        return program_.guarded([&] { client_.close(); });
    }
    std::uint32_t closed_by_host() noexcept override { return client_.closed_by_host() ? 1 : 0; }
    void destroy() noexcept override { delete this; }

private:
    Program& program_;
    TestClient client_;
};

class HostOfTest final : public HostPeer {
public:
    HostOfTest(Program& program, TestHostConfig config)
        : program_{program}, host_{std::move(config)} {}

    ClientPeer* connect() noexcept override {
        ClientPeer* made = nullptr;
        (void)program_.guarded([&] { made = new Client{program_, host_.connect()}; });
        return made;
    }
    Status settle() noexcept override {
        return program_.guarded([&] { host_.settle(); });
    }
    Status advance(TimeNs by) noexcept override {
        return program_.guarded([&] { host_.advance(by); });
    }
    Status swap(Str plugin, Str to, std::uint64_t& ticket, TextSink& reason) noexcept override {
        return program_.guarded([&] {
            const auto file = program_.files().find(to);
            if (!file) throw std::runtime_error{file.error().message};
            const auto report = host_.try_swap(std::string{plugin.view()}, file->string());
            ticket = report ? report->ticket : 0;
            if (!report) reason.take(report.error().message);
        });
    }
    Status report(std::uint64_t ticket, SwapOutcome& outcome, TextSink& reason) noexcept override {
        return program_.guarded([&] {
            const plugin::SwapReport now = host_.report(ticket);
            outcome = outcome_of(now.outcome);
            reason.take(now.reason);
        });
    }
    void destroy() noexcept override { delete this; }

private:
    Program& program_;
    TestHost host_;
};

}  // namespace

TestHostConfig Program::config_of(const HostOrder& order) {
    TestHostConfig config;
    for (const std::string& name : strings_of(order.plugins, order.plugin_count)) {
        const auto file = files_.find(name);
        const auto candidate = file ? plugin::inspect(*file, rules_with(allow_libraries_))
                                    : Result<plugin::Candidate>{file.error()};
        lacked_plugin_ = lacked_plugin_ || !candidate;
        if (!candidate) throw std::runtime_error{candidate.error().message};
        config.files.push_back(file->string());
    }
    config.allow_libraries = allow_libraries_;
    config.config = config_text(order.config.view());
    config.middleware = strings_of(order.middleware, order.middleware_count);
    config.worlds = strings_of(order.worlds, order.world_count);
    config.tick_hz = order.tick_hz;
    config.seed = order.seed;
    config.canary_program = platform::own_program();
    return config;
}

HostPeer* Program::make_host(const HostOrder& order) noexcept {
    HostPeer* made = nullptr;
    (void)guarded([&] { made = new HostOfTest{*this, config_of(order)}; });
    return made;
}

void Program::log(TextSink& lines) noexcept {
    (void)guarded([&] {
        for (const std::string& line : log_.take()) lines.take(line);
    });
}

Result<Done> check_plugins(const PluginFiles& files, const std::vector<std::string>& allow) {
    for (const auto& file : files.added()) {
        if (const auto candidate = plugin::inspect(file, rules_with(allow)); !candidate)
            return candidate.error();
    }
    return Done{};
}

}  // namespace gantry::test
