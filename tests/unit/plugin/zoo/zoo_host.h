// ZooHost: a host with a good plugin and a player, which is shown bad successors.
#pragma once
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include "host/core/random.h"
#include "host/platform/maps.h"
#include "host/platform/shadow_copy.h"
#include "host/testing/seed.h"
#include "host/testing/test_host.h"
#include "tests/support/attempts.h"
#include "tests/support/processes.h"

namespace gantry::test {

/// A folder of the test alone, where the host makes its private one too.
struct ZooFolder {
    ZooFolder() {
        ::unsetenv("TMPDIR");
        path = *platform::make_private_folder();
        ::setenv("TMPDIR", path.c_str(), 1);
        // The canary of a sanitized build is to die as any other does.
        const char* const plain =
            "handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigfpe=0:handle_sigill=0";
        ::setenv("ASAN_OPTIONS", (std::string{plain} + ":detect_leaks=0").c_str(), 1);
        ::setenv("TSAN_OPTIONS", plain, 1);
    }
    ~ZooFolder() {
        ::unsetenv("TMPDIR");
        platform::remove_folder(path);
    }
    std::filesystem::path path;
};

class ZooHost {
public:
    explicit ZooHost(std::uint32_t canary_ms = 20'000)
        : host{{.files = {ZOO_GOOD}, .canary_program = GANTRY_PROGRAM, .canary_ms = canary_ms}},
          player{host.connect()} {
        CHECK(player.call(1, "").text == "1");
    }

    /// Shows it, and looks whether anything of the host has changed; the reason of the refusal.
    std::string refusal(const std::filesystem::path& file) {
        const auto before = footprint();
        const plugin::SwapReport report = host.swap_file("zoo", file);
        CHECK(report.outcome == plugin::SwapOutcome::refused);
        CHECK(report.leftovers.empty());
        const auto status = host.host().plugins().snapshot().plugins;
        REQUIRE(status.size() == 1);
        CHECK(status[0].generation == 1);
        CHECK(status[0].state == plugin::PluginState::active);
        CHECK(status[0].error.empty());
        CHECK(player.call(1, "").text == std::to_string(++count_ + 1));
        CHECK(footprint() == before);
        CHECK(canaries_of(::getpid()).empty());
        CHECK(::waitpid(-1, nullptr, WNOHANG) <= 0);  // none has ended that was not waited for
        return report.reason;
    }

    ZooFolder folder;
    TestHost host;
    TestClient player;

private:
    struct Footprint {
        std::uint32_t threads;
        std::uint32_t descriptors;
        std::uint32_t mapped;  ///< of libraries in the private folder
        std::size_t files;
        bool operator==(const Footprint&) const = default;
    };
    Footprint footprint() const {
        const auto counts = platform::process_counts();
        std::size_t files = 0;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{folder.path}) {
            const std::string name = entry.path().filename().string();
            files += name.starts_with("shown") ? 0 : 1;
        }
        // A socket and a pipe to the process that forks canaries.
        const auto to_server = 2 * static_cast<std::uint32_t>(children_of(::getpid()).size());
        return {counts.threads, counts.descriptors - to_server,
                platform::mapping_count(folder.path), files};
    }
    int count_ = 0;
};

inline bool says(const std::string& sentence, std::string_view part) {
    INFO(sentence);
    return sentence.find(part) != std::string::npos;
}

/// Each of a list; in a long run that often again, in an order that the seed draws.
template <class List, class Try>
void attempt_each(const List& list, const Try& try_one) {
    for (const auto& one : list) try_one(one);
    core::Random random{seed()};
    for (std::uint64_t i = 1; i < attempts_wanted(1); ++i) {
        for (std::size_t j = 0; j < std::size(list); ++j) {
            try_one(list[random.below(std::size(list))]);
        }
    }
}

/// Each refusal is "what is wrong; how to mend it".
inline bool says_how_to_mend(const std::string& sentence) {
    INFO(sentence);
    const auto half = sentence.rfind("; ");
    return half != std::string::npos && sentence.size() - half > 12;
}

}  // namespace gantry::test
