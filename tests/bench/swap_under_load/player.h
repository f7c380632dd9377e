// Player: one connection that numbers what it sends and checks every number that comes back.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/built.h"

namespace gantry::bench {

/// What went wrong, and how much there was. Sums of several players add up.
struct Tally {
    std::uint64_t lost = 0;       ///< numbers that never came, or were never handled
    std::uint64_t dup = 0;        ///< numbers that came twice
    std::uint64_t reordered = 0;  ///< numbers that came behind a later one
    std::uint64_t disconnects = 0;
    std::uint64_t refusals = 0;  ///< error replies, frames that make no sense, wrong results
    std::uint64_t sent = 0;      ///< messages
    std::uint64_t states = 0;
    std::uint64_t travels = 0;  ///< to the other world
    std::string first_refusal;

    void add(const Tally& other);
    bool clean() const { return lost + dup + reordered + disconnects + refusals == 0; }
};

/// How a player plays: windows of `moves` and a ping, begun every `every_ns`, until `moves_max` are
/// sent. In every `travel_every`th window, if there is any, it travels.
struct Rhythm {
    std::uint32_t moves = 3;
    std::int64_t every_ns = 50'000'000;
    std::uint64_t moves_max = ~0ull;
    std::uint32_t travel_every = 0;
};

/// Speaks the messages of tests/support/built.h over TCP or WebSocket. In windows: some numbered
/// moves, then a ping whose answer has to be what all moves until then build. A player who travels
/// does so amid the moves and waits for nothing: those before count in the world that it leaves,
/// those behind in the other one. States and news come in between, numbered or counted.
class Player {
public:
    Player(std::uint16_t port, bool websocket, std::uint32_t number, const Rhythm& rhythm);
    ~Player();
    Player(const Player&) = delete;
    Player& operator=(const Player&) = delete;

    /// Connects and joins; false when refused. Blocks.
    bool open();
    int socket() const { return socket_; }

    /// The next window, when the one before is answered. Times are in ns of one clock.
    void play(std::int64_t now);
    /// Takes what has come; answered round trips are added to `round_trips_ns`.
    void take(std::int64_t now, std::vector<std::int64_t>& round_trips_ns);
    /// Writes what could not be written before.
    void flush();
    bool wants_to_write() const { return unsent_at_ < unsent_.size(); }

    /// Goes to the other world; there once the player is quiet again.
    void travel();
    /// Asks for the total of the world; it is there once the player is quiet again.
    void ask_total();
    const test::BuiltTotal& total() const { return total_; }
    /// What all its moves have built.
    const test::Built& built() const { return built_; }

    /// Joined, and nothing under way.
    bool quiet() const { return !gone_ && !waiting_; }
    bool gone() const { return gone_; }
    bool done() const { return built_.moves >= rhythm_.moves_max; }
    bool travels() const { return rhythm_.travel_every != 0; }
    std::uint64_t news() const { return news_; }
    const Tally& tally() const { return tally_; }

private:
    bool shake_hands();
    void send_move();
    void send_travel();
    void send_ping(std::int64_t now);
    void send_message(std::uint16_t id, std::uint8_t flags, std::uint32_t correlation,
                      std::string_view payload);
    void send_wire(std::uint8_t opcode, std::string_view bytes);
    void lose();
    void refuse(std::string sentence);
    void cut_websocket(std::int64_t now, std::vector<std::int64_t>& round_trips_ns);
    void cut_frames(std::string& bytes, std::int64_t now,
                    std::vector<std::int64_t>& round_trips_ns);
    void take_frame(std::uint16_t id, std::uint8_t flags, std::uint32_t correlation,
                    std::string_view payload, std::int64_t now,
                    std::vector<std::int64_t>& round_trips_ns);
    void arrive();
    void take_state(const test::BuiltState& state);
    void take_response(std::uint16_t id, std::uint32_t correlation, std::string_view payload);

    std::uint16_t port_;
    bool websocket_;
    std::uint32_t number_;
    int socket_ = -1;
    bool gone_ = false;
    bool waiting_ = false;
    std::int64_t asked_at_ = 0;
    std::int64_t play_at_ = 0;
    std::uint32_t correlation_ = 0;
    std::uint32_t answered_ = 0;
    Rhythm rhythm_;
    test::Built built_;
    test::BuiltTotal total_;
    std::uint64_t moves_missed_ = 0;
    std::uint32_t home_ = 0;            ///< the world that its first state came from
    bool away_ = false;                 ///< where it is, once all is handled that it has sent
    bool travelling_ = false;           ///< nothing has come from there yet
    bool numbered_ = false;             ///< it has had a state since it came
    std::uint32_t last_state_[2] = {};  ///< at home and away
    std::uint32_t windows_ = 0;
    std::uint64_t news_ = 0;
    std::string unread_;  ///< of the stream
    std::string frames_;  ///< of it, what WebSocket carried
    std::string unsent_;
    std::size_t unsent_at_ = 0;
    Tally tally_;
};

}  // namespace gantry::bench
