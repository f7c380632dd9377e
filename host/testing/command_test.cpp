// gantry test: runs the tests of a library that includes gantry/test.h.
#include <cstdio>

#include "gantry/abi.h"
#include "host/app/commands.h"
#include "host/platform/dynamic_library.h"
#include "host/platform/fault.h"
#include "host/testing/seed.h"
#include "host/testing/test_program.h"

namespace gantry::app {
namespace {

constexpr int not_run = 2;

int complain(const std::string& sentence) {
    std::fprintf(stderr, "%s\n", sentence.c_str());
    return not_run;
}

/// Its functions are called where it stands: unlike a plugin it is the only one of its name.
Result<std::unique_ptr<platform::DynamicLibrary>> open_tests(const std::filesystem::path& file) {
    std::error_code failed;
    const auto path = std::filesystem::canonical(file, failed);
    if (failed) {
        return Error{Status::not_found, file.string() + " is not there: name the library that " +
                                            "gantry_add_plugin_test() has built"};
    }
    auto library = platform::DynamicLibrary::open(path);
    if (!library) {
        return Error{library.error().status,
                     file.string() + " cannot be opened: " + library.error().message};
    }
    return library;
}

}  // namespace

int run_tests(const TestArguments& arguments) {
    const std::filesystem::path file{arguments.library};
    test::PluginFiles files{file.parent_path()};
    for (const std::string& named : arguments.plugins) {
        if (const auto added = files.add(named); !added) return complain(added.error().message);
    }
    if (const auto right = test::check_plugins(files, arguments.allow); !right)
        return complain(right.error().message);
    const auto library = open_tests(file);
    if (!library) return complain(library.error().message);
    const void* const symbol = (*library)->symbol("gantry_test_main");
    if (symbol == nullptr) {
        return complain(arguments.library +
                        " is no test: it has no gantry_test_main; build it with "
                        "gantry_add_plugin_test() (sdk/README.md)");
    }

    std::printf("seed %llu (set GANTRY_SEED to repeat a run)\n",
                static_cast<unsigned long long>(test::seed()));
    std::fflush(stdout);
    // A fault of a plugin parks it and sends it back, as in a host that serves.
    platform::install_fault_handlers();
    const platform::FaultThread thread;

    std::vector<const char*> words{arguments.library.c_str()};
    for (const std::string& word : arguments.doctest) words.push_back(word.c_str());
    words.push_back(nullptr);
    test::Program program{std::move(files), arguments.allow};
    test::TestRun run;
    run.abi_major = GANTRY_ABI_MAJOR;
    run.abi_minor = GANTRY_ABI_MINOR;
    run.arguments = words.data();
    run.argument_count = static_cast<std::uint32_t>(words.size() - 1);
    run.program = &program;
    const int code = reinterpret_cast<test::TestMain>(const_cast<void*>(symbol))(run);
    return code != 0 && program.lacked_plugin() ? not_run : code;
}

}  // namespace gantry::app
