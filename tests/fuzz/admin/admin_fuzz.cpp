// Any bytes as requests to the admin listener: each is answered, and none gets a file from outside
// the web root.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "host/admin/router.h"
#include "host/core/assert.h"
#include "tests/unit/admin/fake_backend.h"

using namespace gantry;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    test::FakeBackend backend;
    admin::Counters counters;
    admin::AdminConfig config;
    config.port = 80;
    config.token = "t";
    config.roots = {{"/", "/proc/self/task"}};  // whatever is read from here, it is no page
    admin::Router router{config, backend, counters};

    std::string_view rest{reinterpret_cast<const char*>(data), size};
    net::HttpRequestParser parser;
    while (!rest.empty()) {
        rest.remove_prefix(parser.feed(rest));
        if (parser.state() != net::HttpState::done) break;
        const net::HttpRequest& request = parser.request();
        backend.stopped = false;  // by this request, not by an earlier one
        const admin::Answer answer = router.handle(request);
        const bool waits = answer.kind == admin::Answer::Kind::swap;
        GANTRY_ASSERT(waits || answer.response.status >= 200);
        GANTRY_ASSERT(!backend.stopped || request.method == "POST");
        GANTRY_ASSERT(!net::http_serialise(answer.response).empty());
        parser.reset();
    }
    return 0;
}
