// The subcommands of the gantry program. Each returns the process's exit code.
#pragma once
#include <string>
#include <vector>

namespace gantry::app {

struct RunArguments {
    std::string manifest;
};
int run_host(const RunArguments& arguments);

/// `gantry dev`: runs `manifest`, or follows a running host where there is none, and swaps what is
/// built anew after each save.
struct DevArguments {
    std::string manifest;
    std::string host;
    std::string source;
    std::string build;
    std::vector<std::string> targets;
};
int develop(const DevArguments& arguments);

/// `gantry test`: the exit code is doctest's, or 2 when nothing could be tested. In host/testing.
struct TestArguments {
    std::string library;
    std::vector<std::string> plugins;  ///< "hello=build/hello.so"
    std::vector<std::string> allow;
    std::vector<std::string> doctest;
};
int run_tests(const TestArguments& arguments);

/// Says whether a manifest is right, and all that is wrong with it; then whether the libraries that
/// it names would be taken.
int check_manifest(const std::string& manifest);

/// Prints the descriptor of a library and what the gate says; runs none of its code. `allow` is
/// what a manifest would say under gate.allow_libraries, here and below.
int plugin_info(const std::string& file, const std::vector<std::string>& allow);
/// The gate and the canary, as before a swap. `config` is the JSON that the plugin is given.
int plugin_try(const std::string& file, const std::string& config,
               const std::vector<std::string>& allow);
/// What replacing the first library by the second means; the exit code of the verdict.
int compare_plugins(const std::string& old_file, const std::string& new_file,
                    const std::string& config, const std::vector<std::string>& allow);
/// Writes `file`.sig.
int sign_file(const std::string& file, const std::string& key);
/// Writes a private key, prints the public one.
int make_key(const std::string& file);
/// The process that waits for candidates, and the throw-away one that tries each.
int run_canaries();

/// Commands that ask a running host. `host` names one of several, or is empty.
int list_plugins(const std::string& host, bool json);
int list_routes(const std::string& host, bool json);
struct SwapFlags {
    std::string worlds;
    std::string sessions;
    bool promote = false;
    bool settle = false;
};
/// Each is "arena", "arena@2.0.0" or the path of a library; several are swapped all at once.
int swap_plugins(const std::string& host, const std::vector<std::string>& what,
                 const SwapFlags& flags);
int promote_plugin(const std::string& host, const std::string& plugin);
int abort_plugin(const std::string& host, const std::string& plugin);
int remove_plugin(const std::string& host, const std::string& plugin);
int list_generations(const std::string& host, bool json);
int stop_host(const std::string& host);

int print_version();

}  // namespace gantry::app
