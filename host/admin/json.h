// json.h: the backend's answers as JSON text. Bytes that are no UTF-8 are replaced, never refused.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "host/admin/backend.h"

namespace gantry::admin {

std::string to_json(const HealthInfo& info);
std::string to_json(const SwapReport& report);
std::string to_json(const SessionEvent& event);

/// {"plugins": [...]} and so on: an object can grow, a bare array cannot.
std::string to_json(const std::vector<PluginInfo>& plugins);
std::string to_json(const std::vector<CandidateInfo>& candidates);
std::string to_json(const std::vector<WorldInfo>& worlds);
std::string to_json(const std::vector<RouteInfo>& routes);
std::string to_json(const std::vector<SwapReport>& swaps);
std::string to_json(const std::vector<GenerationInfo>& generations);
std::string to_json(const std::vector<IncidentInfo>& incidents);
/// `more`: there are sessions with higher ids than the last one here.
std::string to_json(const std::vector<SessionInfo>& sessions, bool more);

/// {"aborted": ["arena@2.0.0#2"]}
std::string aborted_json(const std::vector<std::string>& labels);
/// {"removed": "arena@1.0.0#1"}
std::string removed_json(std::string_view label);
/// {"error": sentence, "status": "not_found"}
std::string error_json(std::string_view status, std::string_view sentence);

/// Reads {"plugin": …, "version": …, "file": …}; an error says what is wrong with the text.
Result<SwapRequest> swap_request(const std::string& text);
/// Reads {"plugin": …} alone.
Result<std::string> plugin_request(const std::string& text);

}  // namespace gantry::admin
