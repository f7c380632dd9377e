// The HTTP codec: total, within its limits, and blind to how the bytes were split.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/net/http_codec.h"

using namespace gantry::net;

namespace {

template <class Parser>
std::size_t feed(Parser& parser, std::string_view bytes, std::size_t step) {
    std::size_t at = 0;
    while (at < bytes.size() && parser.state() == HttpState::need_more) {
        at += parser.feed(bytes.substr(at, step));
    }
    return at;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data + 2), size - 2};
    const HttpLimits limits{512, 256, 16};
    if ((data[0] & 1) != 0) {
        HttpResponseParser parser{limits, (data[0] & 2) != 0};
        feed(parser, bytes, 1 + data[1]);
        parser.feed_end();
        if (parser.state() == HttpState::need_more) std::abort();
        return 0;
    }
    HttpRequestParser whole{limits}, pieces{limits};
    const std::size_t taken = feed(whole, bytes, bytes.size());
    const std::size_t taken_in_pieces = feed(pieces, bytes, 1 + data[1]);
    if (whole.state() == HttpState::done) {
        if (pieces.state() != HttpState::done || taken != taken_in_pieces) std::abort();
        if (whole.request().body != pieces.request().body) std::abort();
        if (whole.request().body.size() > limits.body_bytes_max) std::abort();
        // What is written again reads as the same.
        HttpRequestParser again{{4096, 512, 32}};
        HttpRequest copy;
        copy.method = whole.request().method;
        copy.target = whole.request().target;
        copy.headers = {{"Host", "h"}};
        copy.body = whole.request().body;
        again.feed(http_serialise(copy));
        if (again.state() != HttpState::done || again.request().target != copy.target) std::abort();
    }
    return 0;
}
