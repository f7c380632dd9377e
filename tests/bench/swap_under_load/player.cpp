#include "tests/bench/swap_under_load/player.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "host/net/frame.h"
#include "host/net/ws_codec.h"
#include "tests/bench/swap_under_load/running_host.h"

namespace gantry::bench {
namespace {

using namespace test;
constexpr std::uint8_t request = 1, response = 2, error = 4;

}  // namespace

void Tally::add(const Tally& other) {
    lost += other.lost;
    dup += other.dup;
    reordered += other.reordered;
    disconnects += other.disconnects;
    refusals += other.refusals;
    sent += other.sent;
    states += other.states;
    travels += other.travels;
    if (first_refusal.empty()) first_refusal = other.first_refusal;
}

Player::Player(std::uint16_t port, bool websocket, std::uint32_t number, const Rhythm& rhythm)
    : port_{port}, websocket_{websocket}, number_{number}, rhythm_{rhythm} {
    built_.player = number;
}

Player::~Player() {
    if (socket_ >= 0) ::close(socket_);
}

bool Player::open() {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const timeval limit{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port_);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return false;
    if (websocket_ && !shake_hands()) return false;
    fcntl(socket_, F_SETFL, fcntl(socket_, F_GETFL) | O_NONBLOCK);

    waiting_ = true;
    send_message(built_join, request, ++correlation_, to_payload(built_.player));
    return true;
}

bool Player::shake_hands() {
    const std::string text =
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port_) +
        "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (::send(socket_, text.data(), text.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(text.size()))
        return false;
    std::string answer;
    for (char c = 0; !answer.ends_with("\r\n\r\n") && ::recv(socket_, &c, 1, 0) == 1;) answer += c;
    return answer.starts_with("HTTP/1.1 101 ") && answer.ends_with("\r\n\r\n");
}

void Player::play(std::int64_t now) {
    if (gone_ || waiting_ || now < play_at_ || done()) return;
    // Players that began together do not stay together: each has its own rhythm.
    play_at_ = now + rhythm_.every_ns + rhythm_.every_ns / 400 * (number_ % 100);
    // One that has had no state yet does not know where it is at home.
    const bool travels = home_ != 0 && this->travels() && ++windows_ % rhythm_.travel_every == 0;
    for (std::uint32_t i = 0; i < rhythm_.moves && !done(); ++i) {
        if (travels && i == rhythm_.moves / 2) send_travel();
        send_move();
    }
    send_ping(now);
}

void Player::travel() {
    send_travel();
    send_ping(0);
}

void Player::send_move() {
    const std::uint64_t number = built_.moves + 1;
    built_.take(number);
    send_message(built_move, 0, 0, to_payload(number));
}

void Player::send_travel() {
    away_ = !away_;
    travelling_ = true;
    ++tally_.travels;
    send_message(built_travel, 0, 0, world_names[away_ ? 1 : 0]);
}

void Player::send_ping(std::int64_t now) {
    waiting_ = true;
    asked_at_ = now;
    send_message(built_ping, request, ++correlation_, {});
}

void Player::ask_total() {
    waiting_ = true;
    send_message(built_total, request, ++correlation_, {});
}

void Player::send_message(std::uint16_t id, std::uint8_t flags, std::uint32_t correlation,
                          std::string_view payload) {
    std::byte head[net::frame_header_bytes];
    net::encode_head({static_cast<std::uint32_t>(payload.size()), id, flags, 0, correlation}, head);
    std::string frame{reinterpret_cast<const char*>(head), sizeof head};
    frame += payload;
    ++tally_.sent;
    if (websocket_) return send_wire(net::ws_opcode::binary, frame);
    unsent_ += frame;
    flush();
}

void Player::send_wire(std::uint8_t opcode, std::string_view bytes) {
    std::byte head[net::ws_head_bytes_max];
    const net::WsMask mask{};  // of zeros: a client has to mask, and this is one
    const std::size_t head_bytes = net::encode_ws_head(opcode, false, bytes.size(), &mask, head);
    unsent_.append(reinterpret_cast<const char*>(head), head_bytes);
    unsent_ += bytes;
    flush();
}

void Player::flush() {
    while (!gone_ && wants_to_write()) {
        const ssize_t put =
            ::send(socket_, unsent_.data() + unsent_at_, unsent_.size() - unsent_at_, MSG_NOSIGNAL);
        if (put < 0 && errno == EAGAIN) return;
        if (put < 0) return lose();
        unsent_at_ += static_cast<std::size_t>(put);
    }
    unsent_.clear();
    unsent_at_ = 0;
}

void Player::lose() {
    if (!std::exchange(gone_, true)) ++tally_.disconnects;
}

void Player::refuse(std::string sentence) {
    ++tally_.refusals;
    if (tally_.first_refusal.empty()) tally_.first_refusal = std::move(sentence);
}

void Player::take(std::int64_t now, std::vector<std::int64_t>& round_trips_ns) {
    char buffer[65'536];
    while (!gone_) {
        const ssize_t got = ::recv(socket_, buffer, sizeof buffer, 0);
        if (got < 0 && errno == EAGAIN) break;
        if (got <= 0) return lose();
        unread_.append(buffer, static_cast<std::size_t>(got));
        if (static_cast<std::size_t>(got) < sizeof buffer) break;
    }
    if (websocket_) {
        cut_websocket(now, round_trips_ns);
    } else {
        cut_frames(unread_, now, round_trips_ns);
    }
}

void Player::cut_websocket(std::int64_t now, std::vector<std::int64_t>& round_trips_ns) {
    std::size_t at = 0;
    for (;;) {
        const auto bytes = std::as_bytes(std::span{unread_}).subspan(at);
        net::WsHead head;
        std::size_t needed = 0;
        const auto result = net::parse_ws_head(bytes, head, needed);
        if (result == net::WsHeadResult::malformed) return refuse("a broken WebSocket frame");
        if (result != net::WsHeadResult::ok || bytes.size() - head.head_bytes < head.payload_bytes)
            break;
        const auto payload =
            std::string_view{unread_}.substr(at + head.head_bytes, head.payload_bytes);
        if (head.opcode == net::ws_opcode::ping) send_wire(net::ws_opcode::pong, payload);
        if (head.opcode == net::ws_opcode::close) return lose();
        if (head.opcode == net::ws_opcode::binary || head.opcode == net::ws_opcode::continuation) {
            frames_ += payload;
        }
        at += head.head_bytes + head.payload_bytes;
    }
    unread_.erase(0, at);
    cut_frames(frames_, now, round_trips_ns);
}

void Player::cut_frames(std::string& bytes, std::int64_t now,
                        std::vector<std::int64_t>& round_trips_ns) {
    std::size_t at = 0;
    while (bytes.size() - at >= net::frame_header_bytes) {
        const net::FrameHead head =
            net::decode_head(reinterpret_cast<const std::byte*>(bytes.data()) + at);
        if (bytes.size() - at - net::frame_header_bytes < head.payload_bytes) break;
        at += net::frame_header_bytes;
        take_frame(head.message_id, head.flags, head.correlation_id,
                   std::string_view{bytes}.substr(at, head.payload_bytes), now, round_trips_ns);
        at += head.payload_bytes;
    }
    bytes.erase(0, at);
}

void Player::take_frame(std::uint16_t id, std::uint8_t flags, std::uint32_t correlation,
                        std::string_view payload, std::int64_t now,
                        std::vector<std::int64_t>& round_trips_ns) {
    if ((flags & error) != 0)
        return refuse("an error reply: " +
                      std::string{payload.substr(std::min<std::size_t>(2, payload.size()))});
    if (id == built_state) return take_state(from_payload<BuiltState>(payload));
    if (id == built_news) return void(++news_);
    if ((flags & response) == 0)
        return refuse("a message " + std::to_string(id) + " that nobody expects");
    take_response(id, correlation, payload);
    if (id == built_ping) round_trips_ns.push_back(now - asked_at_);
}

void Player::arrive() {
    travelling_ = false;
    numbered_ = false;
}

// Whatever the old world has sent is out before the new one hears of the player.
void Player::take_state(const BuiltState& state) {
    ++tally_.states;
    if (home_ == 0) home_ = state.world;
    const bool away = state.world != home_;
    if (away != away_ && !travelling_) return refuse("a state of the world that it has left");
    if (away == away_ && travelling_) arrive();
    std::uint32_t& last = last_state_[away ? 1 : 0];
    if (last != 0 && state.number == last) ++tally_.dup;
    if (state.number < last) ++tally_.reordered;
    // What the world sent while it was elsewhere was not for this player.
    if (numbered_ && state.number > last + 1) tally_.lost += state.number - last - 1;
    last = std::max(last, state.number);
    numbered_ = true;
}

// Messages of a session keep their order, so the ping was handled behind all moves before it.
void Player::take_response(std::uint16_t id, std::uint32_t correlation, std::string_view payload) {
    if (correlation <= answered_) return void(++tally_.dup);
    if (correlation != correlation_) return void(++tally_.reordered);
    answered_ = correlation;
    waiting_ = false;
    if (id == built_total) total_ = from_payload<BuiltTotal>(payload);
    if (id != built_ping) return;
    if (travelling_) arrive();
    const Built there = from_payload<Built>(payload);
    const std::uint64_t missed = built_.moves > there.moves ? built_.moves - there.moves : 0;
    if (missed > moves_missed_) tally_.lost += missed - moves_missed_;
    moves_missed_ = std::max(missed, moves_missed_);
    if (there.moves > built_.moves) tally_.dup += there.moves - built_.moves;
    if (there.moves == built_.moves && there != built_) {
        refuse("player " + std::to_string(number_) + " built something else with " +
               std::to_string(there.moves) + " moves");
    }
}

}  // namespace gantry::bench
