// net_scale [--full]: the short counts, or the full ones. net_scale --serve …: the host under test.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
#include <sys/resource.h>

#include <string_view>

#include "tests/integration/scale/crowd.h"
#include "tests/integration/scale/server.h"

int main(int argc, char** argv) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    if (argc > 1 && std::string_view{argv[1]} == "--serve") return gantry::test::serve(argc, argv);
    for (int i = 1; i < argc; ++i) {
        if (std::string_view{argv[i]} == "--full") gantry::test::set_full_scale();
    }
    return doctest::Context(argc, argv).run();
}
