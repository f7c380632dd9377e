// The subcommands of the gantry program. Each returns the process's exit code.
#pragma once
#include <string>

namespace gantry::app {

struct RunArguments {
    std::string manifest;
};
int run_host(const RunArguments& arguments);

/// Says whether a manifest is right, and all that is wrong with it.
int check_manifest(const std::string& manifest);

/// Prints the descriptor of a library; runs none of its code.
int plugin_info(const std::string& file);

/// Commands that ask a running host. `host` names one of several, or is empty.
int list_plugins(const std::string& host, bool json);
int list_routes(const std::string& host, bool json);
/// `what` is "arena", "arena@2.0.0" or the path of a library.
int swap_plugin(const std::string& host, const std::string& what);
int stop_host(const std::string& host);

int print_version();

}  // namespace gantry::app
