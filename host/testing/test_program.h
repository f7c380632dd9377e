// The program's side of gantry/test_interface.h: hosts and clients for a test library.
#pragma once
#include <string>

#include "gantry/test_interface.h"
#include "host/core/result.h"
#include "host/testing/log_lines.h"
#include "host/testing/plugin_files.h"
#include "host/testing/test_host.h"

namespace gantry::test {

class Program final : public TestProgram {
public:
    /// `allow_libraries` is what a manifest would say under gate.allow_libraries.
    Program(PluginFiles files, std::vector<std::string> allow_libraries)
        : files_{std::move(files)}, allow_libraries_{std::move(allow_libraries)} {}

    HostPeer* make_host(const HostOrder& order) noexcept override;
    void log(TextSink& lines) noexcept override;
    Str error() noexcept override { return error_; }

    /// A host could not be made because a plugin was not there, or the gate refused it.
    bool lacked_plugin() const noexcept { return lacked_plugin_; }
    const PluginFiles& files() const noexcept { return files_; }
    /// Runs `f`; what it throws is the error, so that nothing leaves this program.
    template <class F>
    Status guarded(F&& f) noexcept {
        try {
            f();
            return Status::ok;
        } catch (const std::exception& caught) {
            error_ = caught.what();
            return Status::internal;
        }
    }

private:
    TestHostConfig config_of(const HostOrder& order);

    PluginFiles files_;
    std::vector<std::string> allow_libraries_;
    LogLines log_;
    std::string error_;
    bool lacked_plugin_ = false;
};

/// Whether the gate would take it: the first error of a library that was named.
Result<Done> check_plugins(const PluginFiles& files, const std::vector<std::string>& allow);

}  // namespace gantry::test
