// swap_under_load: the arena's rules are swapped again and again under 200 players; what is late,
// and whether anything is lost. One JSON object a line; ends with 1 when anything was.
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "tests/bench/swap_under_load/player.h"
#include "tests/bench/swap_under_load/running_host.h"

namespace gantry::bench {
namespace {

struct Options {
    std::string program = LOAD_GANTRY;
    std::string plugins = LOAD_PLUGINS;
    int swaps = 1000;
    std::uint32_t players = 200;
    double calm_seconds = 3;
};

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

/// All players in one thread: every second one over WebSocket.
class Crowd {
public:
    Crowd(const RunningHost& host, std::uint32_t count) : epoll_{epoll_create1(EPOLL_CLOEXEC)} {
        for (std::uint32_t i = 0; i < count; ++i) {
            const bool websocket = i % 2 == 1;
            players_.push_back(std::make_unique<Player>(
                websocket ? host.ws_port() : host.tcp_port(), websocket, i));
        }
    }
    ~Crowd() { ::close(epoll_); }

    bool open() {
        for (std::size_t i = 0; i < players_.size(); ++i) {
            if (!players_[i]->open()) return false;
            epoll_event event{};
            event.events = EPOLLIN;
            event.data.u64 = i;
            epoll_ctl(epoll_, EPOLL_CTL_ADD, players_[i]->socket(), &event);
        }
        return true;
    }

    /// Plays until `enough` is true, for `seconds_max` at most; false when that time was up.
    template <class Enough>
    bool play(const Enough& enough, double seconds_max, bool new_windows = true) {
        const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds_max * 1e9);
        std::vector<epoll_event> events(players_.size());
        while (!enough()) {
            const int count = epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), 2);
            const std::int64_t now = now_ns();
            if (now > end) return false;
            for (int i = 0; i < count; ++i) {
                const epoll_event& event = events[static_cast<std::size_t>(i)];
                Player& player = *players_[event.data.u64];
                player.take(now, round_trips_);
                player.flush();
                listen_to(event.data.u64);
            }
            for (std::size_t i = 0; new_windows && i < players_.size(); ++i) {
                players_[i]->play(now);
                if (players_[i]->wants_to_write()) listen_to(i);
            }
        }
        return true;
    }

    bool quiet() const {
        return std::all_of(players_.begin(), players_.end(),
                           [](const auto& player) { return player->quiet() || player->gone(); });
    }
    Tally tally() const {
        Tally sum;
        for (const auto& player : players_) sum.add(player->tally());
        return sum;
    }
    std::vector<std::int64_t> take_round_trips() { return std::exchange(round_trips_, {}); }
    /// How many news the players have had, the fewest and the most.
    std::pair<std::uint64_t, std::uint64_t> news() const {
        std::pair<std::uint64_t, std::uint64_t> range{~0ull, 0};
        for (const auto& player : players_) {
            range.first = std::min(range.first, player->news());
            range.second = std::max(range.second, player->news());
        }
        return range;
    }

private:
    void listen_to(std::size_t i) {
        const Player& player = *players_[i];
        epoll_event event{};
        event.data.u64 = i;
        event.events = EPOLLIN | (player.wants_to_write() ? EPOLLOUT : 0u);
        epoll_ctl(epoll_, player.gone() ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, player.socket(), &event);
    }

    int epoll_;
    std::vector<std::unique_ptr<Player>> players_;
    std::vector<std::int64_t> round_trips_;
};

double at(std::vector<std::int64_t>& values, double share) {
    if (values.empty()) return 0;
    const auto index = std::min(
        values.size() - 1, static_cast<std::size_t>(share * static_cast<double>(values.size())));
    std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(index),
                     values.end());
    return static_cast<double>(values[index]) / 1e6;
}

/// Complains about every expectation that does not hold, and remembers that one did not.
class Verdict {
public:
    void expect(bool holds, const std::string& sentence) {
        if (holds) return;
        failed_ = true;
        std::fprintf(stderr, "swap_under_load: %s\n", sentence.c_str());
    }
    bool failed() const { return failed_; }

private:
    bool failed_ = false;
};

/// The thread that swaps while the others play.
struct Swapper {
    void run(const RunningHost& host, int swaps) {
        for (int i = 0; i < swaps && error.empty(); ++i) {
            pauses_ns.push_back(
                static_cast<std::int64_t>(host.swap(i % 2 == 0 ? "2.0.0" : "1.0.0", error) * 1e6));
            if (error.empty()) ++done;
            // What the first swaps make the process keep is no leak; what it keeps after them is.
            if (i + 1 == std::max(10, swaps / 10)) warm = host.footprint();
        }
        ended = true;
    }

    std::vector<std::int64_t> pauses_ns;
    Footprint warm;
    std::string error;
    std::atomic<int> done{0};
    std::atomic<bool> ended{false};
};

void judge_footprint(const Footprint& warm, const Footprint& end, Verdict& verdict) {
    const auto flat = [&](const char* what, std::int64_t before, std::int64_t after,
                          std::int64_t more_max) {
        std::fprintf(stderr, "%s: %lld after the warm-up, %lld at the end\n", what,
                     static_cast<long long>(before), static_cast<long long>(after));
        verdict.expect(after <= before + more_max, std::string{what} + " have grown");
    };
    flat("resident KiB", warm.resident_kib, end.resident_kib, 8 * 1024);
    flat("mappings", warm.mappings, end.mappings, 12);
    flat("descriptors", warm.descriptors, end.descriptors, 2);
    flat("threads", warm.threads, end.threads, 0);
}

void judge(const RunningHost& host, const Crowd& crowd, const Swapper& swapper, Verdict& verdict) {
    const Tally tally = crowd.tally();
    const auto swaps = static_cast<std::uint64_t>(swapper.done);
    verdict.expect(swapper.error.empty(), "a swap failed: " + swapper.error);
    verdict.expect(tally.clean(),
                   "something was lost, doubled, reordered or refused " + tally.first_refusal);
    verdict.expect(static_cast<std::uint64_t>(
                       host.metric("gantry_world_messages_total{world=\"field\"}")) == tally.sent,
                   "the world has not handled exactly what was sent");
    verdict.expect(host.metric("gantry_world_failures_total{world=\"field\"}") == 0,
                   "a handler failed");
    // Every new version tells everybody that it is in force.
    const auto [fewest, most] = crowd.news();
    verdict.expect(fewest == swaps && most == swaps,
                   "players had " + std::to_string(fewest) + " to " + std::to_string(most) +
                       " news of " + std::to_string(swaps) + " swaps");
    verdict.expect(
        static_cast<std::uint64_t>(host.metric("gantry_libraries_unmapped_total")) == swaps,
        "not every old library was proved to have left");
    verdict.expect(host.metric("gantry_libraries_leaked_total") == 0, "a library could not leave");
    verdict.expect(host.libraries_mapped() == 1,
                   "there is more than one generation of the arena in memory");
}

void print(const char* row, double value, double baseline, const Swapper& swapper,
           const Tally& tally) {
    std::printf(
        "{\"name\":\"swap_under_load\",\"row\":\"%s\",\"value\":%.4f,\"unit\":\"ms\",\"baseline\":%"
        ".4f,"
        "\"ratio\":%.4f,\"swaps\":%d,\"lost\":%llu,\"dup\":%llu,\"reordered\":%llu,\"disconnects\":"
        "%llu,"
        "\"messages\":%llu}\n",
        row, value, baseline, baseline > 0 ? value / baseline : 0.0, swapper.done.load(),
        static_cast<unsigned long long>(tally.lost), static_cast<unsigned long long>(tally.dup),
        static_cast<unsigned long long>(tally.reordered),
        static_cast<unsigned long long>(tally.disconnects),
        static_cast<unsigned long long>(tally.sent));
}

int run(const Options& options) {
    RunningHost host{options.program, options.plugins};
    Crowd crowd{host, options.players};
    Verdict verdict;
    verdict.expect(crowd.open() && crowd.play([&] { return crowd.quiet(); }, 60, false),
                   "not everybody could join");
    if (verdict.failed()) return 1;

    const std::int64_t calm_end = now_ns() + static_cast<std::int64_t>(options.calm_seconds * 1e9);
    crowd.play([&] { return now_ns() > calm_end; }, 60);
    auto calm = crowd.take_round_trips();

    Swapper swapper;
    std::thread thread{[&] { swapper.run(host, options.swaps); }};
    verdict.expect(crowd.play([&] { return swapper.ended.load(); }, 3600), "the swaps did not end");
    thread.join();
    auto stormy = crowd.take_round_trips();
    verdict.expect(crowd.play([&] { return crowd.quiet(); }, 60, false),
                   "not every request was answered");
    // The last library leaves a moment after its swap, and the last news are on their way.
    const auto swaps = static_cast<double>(swapper.done);
    (void)crowd.play(
        [&] {
            return host.metric("gantry_libraries_unmapped_total") == swaps &&
                   crowd.news().first >= static_cast<std::uint64_t>(swaps);
        },
        30, false);

    judge(host, crowd, swapper, verdict);
    judge_footprint(swapper.warm, host.footprint(), verdict);
    const Tally tally = crowd.tally();
    // Against the calm seconds before, in the same run; of the pauses, against a round trip.
    const double calm_p50 = at(calm, 0.5);
    print("round_trip_p50", at(stormy, 0.5), calm_p50, swapper, tally);
    print("round_trip_p99", at(stormy, 0.99), at(calm, 0.99), swapper, tally);
    print("pause_p50", at(swapper.pauses_ns, 0.5), calm_p50, swapper, tally);
    print("pause_p99", at(swapper.pauses_ns, 0.99), calm_p50, swapper, tally);
    return verdict.failed() ? 1 : 0;
}

}  // namespace
}  // namespace gantry::bench

int main(int argc, char** argv) {
    gantry::bench::Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (std::strcmp(argv[i], "--swaps") == 0) options.swaps = std::atoi(argv[i + 1]);
        if (std::strcmp(argv[i], "--players") == 0)
            options.players = static_cast<std::uint32_t>(std::atoi(argv[i + 1]));
        if (std::strcmp(argv[i], "--calm-seconds") == 0)
            options.calm_seconds = std::atof(argv[i + 1]);
    }
    return gantry::bench::run(options);
}
