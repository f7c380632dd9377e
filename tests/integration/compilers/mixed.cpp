// A plugin that uses what differs between compilers and standard libraries: strings, exceptions,
// coroutines, containers. The test builds it twice, and puts one in the place of the other.
#include <gantry/flatbuffers.h>
#include <gantry/gantry.h>
#include <ping_generated.h>

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>

#include "tests/integration/compilers/wide.h"

template <>
inline constexpr std::uint16_t gantry::message_id<mixed::Ping> = 3;

namespace {

using namespace std::chrono_literals;

struct Tally {
    std::int64_t count = 0;
    char last[16] = {};
};
GANTRY_COMPONENT_AS("mixed.tally", Tally, 1, GANTRY_FIELD(count), GANTRY_FIELD(last))

class Mixed final : public gantry::WorldPlugin {
    void setup() override {
        expect(world().use<Tally>());
        (void)service<wide::Wide>("mixed.wide/1");
        on(1, [](const gantry::Message& message) { return message.payload; });
        on(2, [this](const gantry::Message& message) { return tally(message); });
        on<mixed::Ping>([this](const mixed::Ping& ping) { return pong(ping); });
        on(4, [](const gantry::Message&) -> gantry::Bytes { throw std::runtime_error("thrown"); });
        on(5, [this](const gantry::Message&) { return later(); });
        on(6, [](const gantry::Message&) {
#if defined(_LIBCPP_VERSION)
            return std::string{GANTRY_COMPILER} + ", libc++";
#else
            return std::string{GANTRY_COMPILER} + ", libstdc++";
#endif
        });
        on_timer("ring", [this](const gantry::TimerFire& fire) {
            heard_[std::string{fire.key.view()}] += 1;
        });
        on(7, [this](const gantry::Message& message) {
            timer(message.payload.text(), "ring", 10ms);
            return std::to_string(heard_.size());
        });
    }

    /// Counts in private state and in components, which both outlive a swap.
    std::string tally(const gantry::Message& message) {
        Tally one;
        one.count = ++count_;
        const std::string_view text = message.payload.text();
        text.copy(one.last, sizeof one.last - 1);
        world().create(one);
        std::int64_t sum = 0;
        world().view<const Tally>().each([&](const Tally& each) { sum += each.count; });
        return std::to_string(count_) + " " + std::to_string(sum);
    }

    gantry::Bytes pong(const mixed::Ping& ping) {
        builder_.Clear();
        const std::string text = ping.text() == nullptr ? "" : ping.text()->str();
        const auto twice = builder_.CreateString(text + text);
        builder_.Finish(mixed::CreatePing(builder_, ping.number() + 1, twice));
        return {reinterpret_cast<const std::byte*>(builder_.GetBufferPointer()),
                builder_.GetSize()};
    }

    gantry::Task<std::string> later() {
        const std::string before = "a text that is too long for any small string, ";
        co_await after(5ms);
        co_return before + std::to_string(count_);
    }

    void save_state(gantry::StateWriter& writer) override {
        const std::string text = std::to_string(count_);
        writer.put("count", gantry::Bytes{std::string_view{text}});
        for (const auto& [key, times] : heard_) {
            writer.put("heard." + key, gantry::Bytes{std::string_view{"x"}});
        }
    }
    void restore_state(gantry::StateReader& reader) override {
        count_ = std::stoll(std::string{reader.get("count").text()});
        for (const char* const key : {"heard.first", "heard.second"}) {
            if (reader.get(key).size != 0) heard_[key + sizeof "heard." - 1] = 1;
        }
    }

    std::int64_t count_ = 0;
    std::map<std::string, int> heard_;
    flatbuffers::FlatBufferBuilder builder_;
};

}  // namespace

GANTRY_PLUGIN(.name = "mixed", .version = GANTRY_PLUGIN_VERSION, .world = gantry::create<Mixed>);
