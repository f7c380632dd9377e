// remote.h: what the command line asks of a running host through its admin listener.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "host/admin/runtime_file.h"
#include "host/core/result.h"

namespace gantry::app {

/// What the host answers to GET; its own sentence when it refuses. Blocks for some seconds at most.
Result<nlohmann::json> ask_host(const admin::RuntimeInfo& host, const std::string& path);
/// The same with POST.
Result<nlohmann::json> tell_host(const admin::RuntimeInfo& host, const std::string& path,
                                 const nlohmann::json& body);
/// The report of the swap that `body` asks for, once it is over. A swap that the host began and
/// gave up is a report too.
Result<nlohmann::json> ask_swap(const admin::RuntimeInfo& host, const std::string& path,
                                const nlohmann::json& body);

/// A member as people read it; empty when there is none.
std::string text_of(const nlohmann::json& json, const char* key);

}  // namespace gantry::app
