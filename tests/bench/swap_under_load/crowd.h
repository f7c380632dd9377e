// Crowd: all players in one thread, every second one over WebSocket.
#pragma once
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "tests/bench/swap_under_load/player.h"
#include "tests/bench/swap_under_load/running_host.h"

namespace gantry::bench {

std::int64_t now_ns();

class Crowd {
public:
    /// One player for each rhythm.
    Crowd(const RunningHost& host, const std::vector<Rhythm>& rhythms);
    ~Crowd();
    Crowd(const Crowd&) = delete;
    Crowd& operator=(const Crowd&) = delete;

    /// Connects and joins everybody; false when somebody could not.
    bool open();
    /// Plays until `enough` is true, for `seconds_max` at most; false when that time was up.
    template <class Enough>
    bool play(const Enough& enough, double seconds_max, bool new_windows = true) {
        const std::int64_t end = now_ns() + static_cast<std::int64_t>(seconds_max * 1e9);
        while (!enough()) {
            if (now_ns() > end) return false;
            turn(new_windows);
        }
        return true;
    }
    /// Until everything is answered.
    bool finish(double seconds_max) {
        return play([this] { return quiet(); }, seconds_max, false);
    }
    /// The total of both worlds, asked by one of them; less when it did not come. When all is
    /// quiet.
    test::BuiltTotal total();

    bool quiet() const;
    /// Nobody has moves left, and everything is answered.
    bool done() const;
    Tally tally() const;
    std::vector<std::int64_t> take_round_trips() { return std::exchange(round_trips_, {}); }
    /// How many news those who never travel have had, the fewest and the most. Worlds commit one
    /// after the other: who goes from one that has to one that has not is told twice, and on the
    /// way back not at all.
    std::pair<std::uint64_t, std::uint64_t> news() const;
    const std::vector<std::unique_ptr<Player>>& players() const { return players_; }

private:
    void turn(bool new_windows);
    void listen_to(std::size_t i);

    int epoll_;
    std::vector<std::unique_ptr<Player>> players_;
    std::vector<bool> writing_;  ///< those that epoll watches for room to write
    std::vector<std::int64_t> round_trips_;
};

}  // namespace gantry::bench
