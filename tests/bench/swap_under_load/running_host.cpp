#include "tests/bench/swap_under_load/running_host.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <utility>

#include "host/admin/client.h"
#include "host/manifest/builder.h"

namespace gantry::bench {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using Json = nlohmann::json;

[[noreturn]] void fail(const std::string& sentence) {
    std::fprintf(stderr, "swap_under_load: %s\n", sentence.c_str());
    std::exit(1);
}

std::string manifest_for(const HostSetup& setup) {
    manifest::ManifestBuilder manifest;
    manifest.name("swap_under_load").log_level("warn");
    manifest.shards(setup.threads).workers(setup.threads);
    manifest.drop(setup.plugins, manifest::OnDrop::stage);
    manifest.listener("ws").transport("ws").joins(world_names[0]).idle(0ms);
    manifest.listener("tcp").joins(world_names[0]).idle(0ms);
    // Ten ticks a second: the load is the messages of the players.
    for (const char* world : world_names) manifest.world(world).plugins({"rules"}).tick_hz(10);
    // Times are this program's to judge: a machine that is busy elsewhere takes no version back. A
    // single failure or too much memory still does.
    manifest::RollbackWhen limits;
    limits.tick_percent = limits.handler_percent = 10'000;
    manifest.plugin("rules")
        .config("entities", setup.entities / std::size(world_names))
        .config("news", 1)
        .canary(60s)
        .probation(std::chrono::milliseconds{setup.probation_ms})
        .rollback_when(limits);
    return manifest.json();
}

std::int64_t entries_of(const fs::path& folder) {
    std::error_code ignored;
    return std::distance(fs::directory_iterator{folder, ignored}, fs::directory_iterator{});
}

}  // namespace

RunningHost::RunningHost(const HostSetup& setup) {
    std::string name = (fs::temp_directory_path() / "gantry-load-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) fail("cannot make a folder like " + name);
    folder_ = name;
    const std::string manifest = folder_ + "/manifest.json";
    std::ofstream{manifest} << manifest_for(setup);

    int ends[2];
    if (::pipe(ends) != 0) fail("no pipe");
    pid_ = ::fork();
    if (pid_ < 0) fail("cannot fork");
    if (pid_ == 0) {
        ::dup2(ends[1], STDOUT_FILENO);
        ::close(ends[0]);
        ::close(ends[1]);
        ::setenv("XDG_RUNTIME_DIR", folder_.c_str(), 1);
        ::setenv("TMPDIR", folder_.c_str(), 1);
        ::execl(setup.program.c_str(), setup.program.c_str(), "run", manifest.c_str(), nullptr);
        ::_exit(127);
    }
    ::close(ends[1]);
    std::string line;
    for (char c = 0; ::read(ends[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(ends[0]);
    const Json ready =
        line.starts_with("ready ") ? Json::parse(line.substr(6), nullptr, false) : Json{};
    if (!ready.is_object()) fail(setup.program + " did not get ready");
    url_ = ready["admin"]["url"];
    token_ = ready["admin"]["token"];
    for (const Json& listener : ready["listeners"]) {
        (listener["transport"] == "ws" ? ws_port_ : tcp_port_) = listener["port"];
    }
}

bool RunningHost::end() {
    ::kill(pid_, SIGTERM);
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    if (status != 0)
        std::fprintf(stderr, "swap_under_load: the host ended with status %d\n", status);
    return status == 0;
}

RunningHost::~RunningHost() {
    if (pid_ > 0) (void)end();
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

double RunningHost::swap(const std::string& version, std::string& error) const {
    const Json request{{"plugin", "rules"}, {"version", version}, {"settle", true}};
    const auto reply = admin::AdminClient{url_, token_}.post("/api/swap", request.dump());
    if (!reply) return error = reply.error().message, 0;
    const Json report = Json::parse(reply->body, nullptr, false);
    if (reply->status != 200 || report.value("outcome", "") != "committed")
        return error = reply->body, 0;
    for (const Json& step : report["steps"]) {
        if (step["name"] == "commit") return step["ms"];
    }
    return error = "the report has no step \"commit\"", 0;
}

double RunningHost::metric(const std::string& name) const {
    const auto reply = admin::AdminClient{url_, token_}.get("/metrics");
    if (!reply) return -1;
    const std::string wanted = '\n' + name + ' ';
    const auto at = reply->body.find(wanted);
    return at == std::string::npos ? -1 : std::atof(reply->body.c_str() + at + wanted.size());
}

double RunningHost::of_worlds(const std::string& name) const {
    double sum = 0;
    for (const char* world : world_names) sum += metric(name + "{world=\"" + world + "\"}");
    return sum;
}

Footprint RunningHost::footprint() const {
    const fs::path proc = "/proc/" + std::to_string(pid_);
    Footprint found;
    std::ifstream status{proc / "status"};
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmRSS:")) found.resident_kib = std::atoll(line.c_str() + 6);
    }
    std::ifstream maps{proc / "maps"};
    found.mappings = std::count(std::istreambuf_iterator<char>{maps}, {}, '\n');
    found.descriptors = entries_of(proc / "fd");
    found.threads = entries_of(proc / "task");
    return found;
}

int RunningHost::libraries_mapped() const {
    std::ifstream maps{"/proc/" + std::to_string(pid_) + "/maps"};
    std::map<std::string, int> copies;
    for (std::string line; std::getline(maps, line);) {
        const auto at = line.find("/rules.");
        if (at != std::string::npos) ++copies[line.substr(at)];
    }
    return static_cast<int>(copies.size());
}

}  // namespace gantry::bench
