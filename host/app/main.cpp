// gantry: the command line. Everything it can do is in commands.h; this file only reads arguments.
#include <CLI/CLI.hpp>

#include <cstdio>

#include "host/app/commands.h"
#include "host/core/did_you_mean.h"

namespace {

constexpr const char* begin_with =
    "Begin with:\n"
    "  gantry check config/echo.json      is the manifest right?\n"
    "  gantry run config/echo.json        start a host; Ctrl-C ends it gracefully\n"
    "  gantry dev config/echo.json        start it, and swap what you change as you save it\n"
    "  gantry plugins                     in another terminal: what runs there\n"
    "  gantry swap echo@1.1.0             replace a plugin; nobody is disconnected\n"
    "  gantry swap rules@2.0.0 bots@2.0.0 replace two that need each other, in one moment\n"
    "  gantry abi echo.so echo-1.1.0.so   would that break anything?\n"
    "  gantry test hello_test.so          run the tests of a plugin\n"
    "  gantry who                         which versions are in memory, and why\n"
    "Write your own plugin: sdk/README.md";

constexpr int misused = 2;

/// Whether the first word is a command, or no word at all.
bool names_command(const CLI::App& app, const std::string& word) {
    const auto is_it = [&](const CLI::App* one) { return one->get_name() == word; };
    return word.starts_with('-') || !app.get_subcommands(is_it).empty();
}

std::vector<std::string> commands_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::App* one : app.get_subcommands([](const CLI::App*) { return true; })) {
        if (!one->get_group().empty()) names.push_back(one->get_name());
    }
    return names;
}

}  // namespace

int main(int argc, char** argv) {
    using namespace gantry::app;

    // Typed by the host itself. First: what is in memory when canaries fork costs each of them.
    if (argc == 2 && std::string_view{argv[1]} == "canary") return run_canaries();

    CLI::App app{"A game server host whose logic is replaced while the players stay connected."};
    app.require_subcommand(1);
    app.footer(begin_with);
    int code = 0;
    std::string manifest;
    std::string host;
    std::string old;
    std::string what;
    std::string key;
    std::string config = "{}";
    std::vector<std::string> allow;
    bool json = false;

    auto* run = app.add_subcommand("run", "Start a host from a manifest");
    run->add_option("manifest", manifest, "The manifest, such as config/arena.json")->required();
    run->callback([&] { code = run_host({manifest}); });

    auto* check = app.add_subcommand("check", "Say whether a manifest and its libraries are right");
    check->add_option("manifest", manifest, "The manifest")->required();
    check->callback([&] { code = check_manifest(manifest); });

    const auto add_host = [&](CLI::App* command) {
        return command->add_option(
            "--host", host, "The name of the running host, or its pid, when there are several");
    };
    auto* dev = app.add_subcommand(
        "dev", "Follow the sources of plugins: build and swap what changes, as it is saved");
    DevArguments dev_arguments;
    dev->add_option("manifest", dev_arguments.manifest,
                    "Start a host from it; without, a running one is followed")
        ->excludes(add_host(dev));
    dev->add_option("--source", dev_arguments.source,
                    "The folder of the CMake project, if not this one");
    dev->add_option("--build", dev_arguments.build,
                    "Where it is built, if not in the folder build, or the only one below that");
    dev->add_option("--target", dev_arguments.targets,
                    "A target to build; without, those whose library is named as a plugin of the "
                    "host")
        ->allow_extra_args(false);
    dev->footer(
        "Begin with:\n"
        "  cd hello && gantry dev hello.json    builds, starts the host, waits for you to save\n"
        "  gantry dev                           the same beside a host that runs already\n"
        "  gantry dev config/arena.json --target arena_v2\n"
        "Each save is built and swapped, and every step's time printed. When the compiler or the\n"
        "host refuses it, you are told why, and the host goes on with what it has. Players stay\n"
        "connected. A host that was started here takes nothing from its drop folder but what it\n"
        "begins with, and ends with Ctrl-C.");
    dev->callback([&] {
        dev_arguments.host = host;
        code = develop(dev_arguments);
    });
    auto* plugins = app.add_subcommand("plugins", "List the plugins of a running host");
    add_host(plugins);
    plugins->add_flag("--json", json, "For programs");
    plugins->callback([&] { code = list_plugins(host, json); });

    auto* routes = app.add_subcommand("routes", "List who handles which message id");
    add_host(routes);
    routes->add_flag("--json", json, "For programs");
    routes->callback([&] { code = list_routes(host, json); });

    const auto add_allow = [&](CLI::App* command) {
        command
            ->add_option("--allow", allow,
                         "A shared library that it may need, as under gate.allow_libraries")
            ->allow_extra_args(false);
    };
    auto* plugin = app.add_subcommand("plugin", "Look at a library");
    plugin->require_subcommand(1);
    auto* info =
        plugin->add_subcommand("info", "Print a library's descriptor; none of its code runs");
    info->add_option("file", what, "The .so file")->required();
    add_allow(info);
    info->callback([&] { code = plugin_info(what, allow); });
    auto* trial = plugin->add_subcommand("try", "Run a library once in a throw-away process");
    trial->add_option("file", what, "The .so file")->required();
    trial->add_option("--config", config, "The JSON object that the plugin is given");
    add_allow(trial);
    trial->callback([&] { code = plugin_try(what, config, allow); });

    auto* abi = app.add_subcommand(
        "abi",
        "Say what replacing OLD by NEW means: swap-safe, needs migration, breaks clients, or needs "
        "a restart; the exit code is 0, 1, 2 or 3, of what breaks other plugins 5, and 4 when it "
        "cannot be told");
    abi->add_option("old", old, "The .so file that serves")->required();
    abi->add_option("new", what, "The .so file that is to replace it")->required();
    abi->add_option("--config", config, "The JSON object that the plugins are given");
    add_allow(abi);
    abi->callback([&] { code = compare_plugins(old, what, config, allow); });

    auto* test = app.add_subcommand(
        "test", "Run the tests of a plugin in a host of their own, in one thread and in memory");
    TestArguments test_arguments;
    test->add_option("library", test_arguments.library,
                     "The .so file that gantry_add_plugin_test() of CMake has built")
        ->required();
    test->add_option("--plugin", test_arguments.plugins,
                     "NAME=FILE: the library that the tests mean by a name; without, NAME.so "
                     "beside them")
        ->allow_extra_args(false);
    add_allow(test);
    test->add_option("arguments", test_arguments.doctest, "Behind -- : options of doctest");
    test->footer(
        "Begin with:\n"
        "  gantry test build/hello_test.so\n"
        "  gantry test build/hello_test.so --plugin hello=build/hello.so\n"
        "  gantry test build/hello_test.so -- --test-case='*swap*'\n"
        "  GANTRY_SEED=7 gantry test build/hello_test.so      a run again, with the seed it "
        "printed\n"
        "The exit code is 0 when all tests pass, 1 when one fails, 2 when they could not be run.");
    test->callback([&] {
        test_arguments.allow = allow;
        code = run_tests(test_arguments);
    });

    auto* sign = app.add_subcommand("sign", "Sign a library: writes FILE.sig");
    sign->add_option("file", what, "The .so file")->required();
    sign->add_option("--key", key, "The private key, of gantry keygen")->required();
    sign->callback([&] { code = sign_file(what, key); });
    auto* keygen =
        app.add_subcommand("keygen", "Make a key for gantry sign; prints its public half");
    keygen->add_option("file", what, "The private key's new file")->required();
    keygen->callback([&] { code = make_key(what); });

    auto* swap = app.add_subcommand("swap", "Replace plugins of a running host");
    add_host(swap);
    std::vector<std::string> next;
    swap->add_option("what", next,
                     "name, name@version, or the path of a .so file; several at once commit in the "
                     "same moment, or none does; one that is not loaded is new")
        ->required();
    SwapFlags flags;
    swap->add_option(
        "--worlds", flags.worlds,
        "Only these worlds at first: a share such as 5%, or names with commas; of several "
        "plugins those that have them all");
    swap->add_option("--sessions", flags.sessions,
                     "With --worlds: new sessions that begin there, such as remote=10.0.0.0/8, "
                     "listener=beta, protocol=ws, share=5%, or several with commas");
    swap->add_flag("--promote", flags.promote,
                   "With --worlds: the others follow once the probation has passed");
    swap->add_flag("--settle", flags.settle, "End a probation that is under way, do not refuse");
    swap->callback([&] { code = swap_plugins(host, next, flags); });

    auto* promote = app.add_subcommand("promote", "Take a version of some worlds to all of them");
    add_host(promote);
    promote
        ->add_option("plugin", what, "The plugin's name; what came in one swap with it goes along")
        ->required();
    promote->callback([&] { code = promote_plugin(host, what); });
    auto* abort = app.add_subcommand("abort", "Take a version out of the worlds that try it");
    add_host(abort);
    abort
        ->add_option("plugin", what, "The plugin's name; what came in one swap with it leaves, too")
        ->required();
    abort->callback([&] { code = abort_plugin(host, what); });

    auto* remove = app.add_subcommand("remove", "Take a plugin out of a running host");
    add_host(remove);
    remove
        ->add_option("plugin", what,
                     "The plugin's name; none that is required, or needed by another")
        ->required();
    remove->callback([&] { code = remove_plugin(host, what); });

    auto* who = app.add_subcommand("who", "List the generations in memory and what holds each");
    add_host(who);
    who->add_flag("--json", json, "For programs");
    who->callback([&] { code = list_generations(host, json); });

    auto* stop = app.add_subcommand("stop", "End a running host gracefully");
    add_host(stop);
    stop->callback([&] { code = stop_host(host); });

    app.add_subcommand("version", "Print the version")->callback([&] { code = print_version(); });

    if (argc == 1) {
        std::fprintf(stderr, "gantry: %s\n\n%s\nAll commands: gantry --help\n",
                     app.get_description().c_str(), begin_with);
        return misused;
    }
    if (!names_command(app, argv[1])) {
        std::fprintf(stderr, "gantry: there is no command %s%s\nAll commands: gantry --help\n",
                     argv[1], gantry::core::did_you_mean(argv[1], commands_of(app)).c_str());
        return misused;
    }
    CLI11_PARSE(app, argc, argv);
    return code;
}
