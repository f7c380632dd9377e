// Middleware that lets a session pass once it has shown a ticket, unless that ticket was revoked.
// Version 3 refuses to start, version 4 cannot take over; any fails when it is told to.
#include <gantry/gantry.h>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>

namespace {

volatile int sink = 0;

class Keeper final : public gantry::IoPlugin {
    static constexpr std::uint16_t show = 10, revoke = 11, misbehave = 12;

    void setup() override {
        if (KEEPER_VERSION[0] == '3') return refuse("this version does not like the shard");
        layer("keeper", [this](gantry::IoMessage& message) { return look(message); });
        on_session_events(gantry::session_kinds::closed, [this](const gantry::SessionEvent& event) {
            admitted_.erase(event.session.value);
        });
    }

    gantry::Verdict look(gantry::IoMessage& message) {
        const std::string_view text = message.payload.text();
        if (message.id == show) return admit(message, number(text));
        const auto found = admitted_.find(message.session.value);
        if (found == admitted_.end()) return deny(message, "show a ticket first");
        if (raised_number(found->second) != 0) return deny(message, "the ticket was revoked");
        if (message.id == misbehave && text == "throw") throw std::runtime_error{"on purpose"};
        if (message.id == misbehave) {
            *reinterpret_cast<volatile int*>(static_cast<std::uintptr_t>(sink)) = 1;
        }
        if (message.id != revoke) return gantry::Verdict::pass;
        raise_number(number(text), 1, std::chrono::hours{1});
        return answer(message, "revoked");
    }
    gantry::Verdict admit(const gantry::IoMessage& message, std::uint64_t ticket) {
        if (ticket == 0) return deny(message, "that is no ticket");
        if (raised_number(ticket) != 0) return deny(message, "the ticket was revoked");
        admitted_[message.session.value] = ticket;
        return answer(message, "welcome");
    }
    gantry::Verdict answer(const gantry::IoMessage& message, std::string_view text) {
        io().reply(&message, gantry::Bytes{text});
        return gantry::Verdict::drop;
    }
    gantry::Verdict deny(const gantry::IoMessage& message, std::string_view why) {
        io().fail(&message, gantry::Status::refused, why);
        return gantry::Verdict::drop;
    }
    static std::uint64_t number(std::string_view text) {
        std::uint64_t value = 0;
        std::from_chars(text.data(), text.data() + text.size(), value);
        return value;
    }

    void save_state(gantry::StateWriter& writer) override {
        std::string bytes;
        for (const auto& [session, ticket] : admitted_) {
            bytes.append(reinterpret_cast<const char*>(&session), sizeof session);
            bytes.append(reinterpret_cast<const char*>(&ticket), sizeof ticket);
        }
        writer.put("admitted", gantry::Bytes{std::string_view{bytes}});
    }
    void restore_state(gantry::StateReader& reader) override {
        if (KEEPER_VERSION[0] == '4') throw std::runtime_error{"cannot read that"};
        admitted_.clear();
        const gantry::Bytes bytes = reader.get("admitted");
        std::uint64_t pair[2];
        for (std::size_t at = 0; at + sizeof pair <= bytes.size; at += sizeof pair) {
            std::memcpy(pair, bytes.data + at, sizeof pair);
            admitted_[pair[0]] = pair[1];
        }
    }

    std::map<std::uint64_t, std::uint64_t> admitted_;  ///< session to its ticket
};

}  // namespace

GANTRY_PLUGIN(.name = "keeper", .version = KEEPER_VERSION, .io = gantry::create<Keeper>);
