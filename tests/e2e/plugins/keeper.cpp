// Middleware that lets a session pass once it has shown a ticket, unless that ticket was revoked.
// Version 3 refuses to start, version 4 cannot take over; any fails when it is told to.
#include <gantry/gantry.h>

#include <charconv>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <type_traits>

namespace {

volatile int sink = 0;

// On a connection that was let in. Version 2 lays it out otherwise.
namespace first {
struct Admission {
    std::uint64_t ticket = 0;
    std::uint32_t asked = 0;
    std::uint64_t& number() noexcept { return ticket; }
};
GANTRY_COMPONENT_AS("keeper.admission", Admission, 1, GANTRY_FIELD(ticket), GANTRY_FIELD(asked))
}  // namespace first
namespace second {
struct Admission {
    std::uint32_t level = 1;
    std::uint64_t pass = 0;
    std::uint64_t& number() noexcept { return pass; }
};
GANTRY_COMPONENT_AS("keeper.admission", Admission, 2, GANTRY_FIELD(level),
                    GANTRY_FIELD(pass, .was = "ticket"))
}  // namespace second
using Admission = std::conditional_t<KEEPER_VERSION[0] == '2', second::Admission, first::Admission>;

class Keeper final : public gantry::IoPlugin {
    static constexpr std::uint16_t show = 10, revoke = 11, misbehave = 12, tell = 13;

    void setup() override {
        if (KEEPER_VERSION[0] == '3') return refuse("this version does not like the shard");
        admissions_ = connections().use<Admission>();
        layer("keeper", [this](gantry::IoMessage& message) { return look(message); });
    }

    gantry::Verdict look(gantry::IoMessage& message) {
        const std::string_view text = message.payload.text();
        if (message.id == show) return admit(message, number(text));
        Admission* const admission = admissions_.get(message.session);
        if (admission == nullptr) return deny(message, "show a ticket first");
        if (raised_number(admission->number()) != 0) return deny(message, "the ticket was revoked");
        if (message.id == misbehave && text == "throw") throw std::runtime_error{"on purpose"};
        if (message.id == misbehave) {
            *reinterpret_cast<volatile int*>(static_cast<std::uintptr_t>(sink)) = 1;
        }
        if (message.id == tell) return answer(message, std::to_string(revoked_));
        if (message.id != revoke) return gantry::Verdict::pass;
        raise_number(number(text), 1, std::chrono::hours{1});
        ++revoked_;
        return answer(message, "revoked");
    }
    gantry::Verdict admit(const gantry::IoMessage& message, std::uint64_t ticket) {
        if (ticket == 0) return deny(message, "that is no ticket");
        if (raised_number(ticket) != 0) return deny(message, "the ticket was revoked");
        Admission* const admission = admissions_.ensure(message.session);
        if (admission == nullptr) return gantry::Verdict::drop;
        admission->number() = ticket;
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
        const std::string text = std::to_string(revoked_);
        writer.put("revoked", gantry::Bytes{std::string_view{text}});
    }
    void restore_state(gantry::StateReader& reader) override {
        if (KEEPER_VERSION[0] == '4') throw std::runtime_error{"cannot read that"};
        revoked_ = number(reader.get("revoked").text());
    }

    gantry::ConnectionComponent<Admission> admissions_;
    std::uint64_t revoked_ = 0;  ///< tickets, by this version and those before it
};

}  // namespace

GANTRY_PLUGIN(.name = "keeper", .version = KEEPER_VERSION, .io = gantry::create<Keeper>);
