#include "tests/bench/swap_under_load/crowd.h"

#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iterator>

namespace gantry::bench {

std::int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(
               std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

Crowd::Crowd(const RunningHost& host, const std::vector<Rhythm>& rhythms)
    : epoll_{epoll_create1(EPOLL_CLOEXEC)}, writing_(rhythms.size()) {
    for (std::uint32_t i = 0; i < rhythms.size(); ++i) {
        const bool websocket = i % 2 == 1;
        players_.push_back(std::make_unique<Player>(websocket ? host.ws_port() : host.tcp_port(),
                                                    websocket, i, rhythms[i]));
    }
}

Crowd::~Crowd() { ::close(epoll_); }

bool Crowd::open() {
    for (std::size_t i = 0; i < players_.size(); ++i) {
        if (!players_[i]->open()) return false;
        epoll_event event{};
        event.events = EPOLLIN;
        event.data.u64 = i;
        epoll_ctl(epoll_, EPOLL_CTL_ADD, players_[i]->socket(), &event);
        if (i % 64 == 63) turn(false);
    }
    return finish(60);
}

void Crowd::turn(bool new_windows) {
    epoll_event events[256];
    const int count = epoll_wait(epoll_, events, 256, 2);
    const std::int64_t now = now_ns();
    for (int i = 0; i < count; ++i) {
        Player& player = *players_[events[i].data.u64];
        player.take(now, round_trips_);
        player.flush();
        listen_to(events[i].data.u64);
    }
    for (std::size_t i = 0; new_windows && i < players_.size(); ++i) {
        players_[i]->play(now);
        listen_to(i);
    }
}

void Crowd::listen_to(std::size_t i) {
    const Player& player = *players_[i];
    if (!player.gone() && writing_[i] == player.wants_to_write()) return;
    writing_[i] = player.wants_to_write();
    epoll_event event{};
    event.data.u64 = i;
    event.events = EPOLLIN | (player.wants_to_write() ? EPOLLOUT : 0u);
    epoll_ctl(epoll_, player.gone() ? EPOLL_CTL_DEL : EPOLL_CTL_MOD, player.socket(), &event);
}

test::BuiltTotal Crowd::total() {
    Player& one = *players_.front();
    test::BuiltTotal total;
    for (std::size_t i = 0; i < std::size(world_names); ++i) {
        if (i != 0) one.travel();
        (void)finish(60);
        one.ask_total();
        (void)finish(60);
        total += one.total();
    }
    // It was in each of them.
    total.sum -= one.built().hash();
    --total.players;
    return total;
}

bool Crowd::quiet() const {
    return std::all_of(players_.begin(), players_.end(),
                       [](const auto& player) { return player->quiet() || player->gone(); });
}

bool Crowd::done() const {
    return std::all_of(players_.begin(), players_.end(), [](const auto& player) {
        return (player->quiet() && player->done()) || player->gone();
    });
}

Tally Crowd::tally() const {
    Tally sum;
    for (const auto& player : players_) sum.add(player->tally());
    return sum;
}

std::pair<std::uint64_t, std::uint64_t> Crowd::news() const {
    std::pair<std::uint64_t, std::uint64_t> range{~0ull, 0};
    for (const auto& player : players_) {
        if (player->travels()) continue;
        range.first = std::min(range.first, player->news());
        range.second = std::max(range.second, player->news());
    }
    return range;
}

}  // namespace gantry::bench
