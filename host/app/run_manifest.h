// run_manifest: a host from its manifest to its last connection.
#pragma once
#include <functional>
#include <string>

#include "host/admin/runtime_file.h"
#include "host/manifest/manifest.h"

namespace gantry::app {

/// Called once the host serves; the url is empty when it has no admin listener.
using WhenReady = std::function<void(const admin::RuntimeInfo&)>;

/// Serves until a signal or an operator ends it; the process's exit code. The stop signals are
/// taken already. `file` is what the manifest was read from.
int run_manifest(manifest::Manifest manifest, const std::string& file, const WhenReady& ready);

}  // namespace gantry::app
