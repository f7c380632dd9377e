#include "host/session/session_rule.h"

#include <fmt/format.h>

#include <charconv>

#include "host/net/address.h"

namespace gantry::session {
namespace {

Error wrong(std::string_view what, std::string_view sentence) {
    return Error{Status::invalid,
                 fmt::format("\"{}\" {}; a rule on sessions is one or more of listener=NAME, "
                             "protocol=tcp, remote=10.0.0.0/8 and share=5%, with commas",
                             what, sentence)};
}

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size()) return std::nullopt;
    return value;
}

bool same_bits(const NetAddress& a, const NetAddress& b, std::uint32_t bits) noexcept {
    if (a.family != b.family) return false;
    for (std::uint32_t bit = 0; bit < bits; bit += 8) {
        const std::uint32_t left = std::min(8u, bits - bit);
        const auto mask = static_cast<std::uint8_t>(0xff00u >> left);
        if (((a.ip[bit / 8] ^ b.ip[bit / 8]) & mask) != 0) return false;
    }
    return true;
}

// Neighbouring ids have to fall apart evenly.
std::uint64_t scattered(std::uint64_t id) noexcept {
    id = (id ^ (id >> 30)) * 0xbf58476d1ce4e5b9ull;
    id = (id ^ (id >> 27)) * 0x94d049bb133111ebull;
    return id ^ (id >> 31);
}

}  // namespace

Result<SessionRule> SessionRule::parse(std::string_view text) {
    SessionRule rule;
    rule.text_ = text;
    if (text.empty()) return wrong(text, "is no rule");
    while (!text.empty()) {
        const std::string_view one = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), one.size() + 1));
        const auto equals = one.find('=');
        if (equals == one.npos || equals + 1 == one.size()) return wrong(one, "says nothing");
        auto taken = rule.take(one.substr(0, equals), one.substr(equals + 1));
        if (!taken) return taken.error();
    }
    return rule;
}

Result<Done> SessionRule::take(std::string_view key, std::string_view value) {
    if (key == "listener") {
        listener_ = value;
    } else if (key == "protocol") {
        protocol_ = value;
    } else if (key == "remote") {
        const auto slash = value.find('/');
        const auto address = net::parse_address(value.substr(0, slash), 0);
        if (!address) return wrong(value, "is no address");
        const std::uint32_t bits_max = address->family == 4 ? 32 : 128;
        const auto bits = slash == value.npos ? std::optional{bits_max}
                                              : number<std::uint32_t>(value.substr(slash + 1));
        if (!bits || *bits > bits_max) return wrong(value, "is no network");
        remote_ = Network{*address, *bits};
    } else if (key == "share") {
        const bool percent = value.ends_with('%');
        const auto share = number<double>(value.substr(0, value.size() - (percent ? 1 : 0)));
        if (!percent || !share || !(*share > 0 && *share <= 100))
            return wrong(value, "is no share of the sessions");
        per_million_ = static_cast<std::uint32_t>(*share * 10'000);
    } else {
        return wrong(key, "is nothing that is known of a session");
    }
    return Done{};
}

bool SessionRule::holds(const SessionFacts& session) const noexcept {
    if (!listener_.empty() && session.listener != listener_) return false;
    if (!protocol_.empty() && session.protocol != protocol_) return false;
    if (remote_ && !same_bits(session.remote, remote_->address, remote_->bits)) return false;
    return scattered(session.id.value) % 1'000'000 < per_million_;
}

}  // namespace gantry::session
