// Incident files: whole whatever happened. After exceptions they had neither where, nor stack, nor
// changes, and whoever read one next morning could not tell left out from unknown.
#include "host/app/incident_log.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "host/platform/shadow_copy.h"

using namespace gantry;
using namespace gantry::app;

TEST_CASE("an incident file says of each thing what it is, or why there is none") {
    const auto folder = platform::make_private_folder();
    REQUIRE(folder);
    IncidentLog log{*folder, 10};
    auto incident = plugin::exception_incident("arena@2.0.0#2", "3 failures",
                                               {"arena@2.0.0#2 failed: oh", "on<Move> (id 7)", {}});
    incident.went_back_to = "arena@1.0.0#1";
    incident.live_ms = 250;
    incident.changes = {"arena: version 1.0.0 -> 2.0.0"};
    log.incident(incident);
    REQUIRE(std::distance(std::filesystem::directory_iterator{*folder}, {}) == 1);
    std::ifstream in{std::filesystem::directory_iterator{*folder} -> path()};
    const auto json = nlohmann::json::parse(in);
    CHECK(json["kind"] == "rollback");
    CHECK(json["what"] == "3 failures, the last: arena@2.0.0#2 failed: oh");
    CHECK(json["where"] == "on<Move> (id 7)");
    CHECK(json["stack"].empty());
    CHECK(json["stack_note"].get<std::string>().ends_with("nobody noted the stack"));
    CHECK(json["changes"].size() == 1);
    CHECK(json["live_ms"] == 250);
    platform::remove_folder(*folder);
}
