// A plugin that offers a service: it stars out bad words. Swap it, and the chat uses the new one.
#include "samples/chat/filter.h"

#include <gantry/gantry.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace chat {

class WordFilter final : public gantry::WorldPlugin, public Filter {
    void setup() override { provide<Filter>(Filter::name, this); }

    std::uint32_t clean(char* text, std::uint64_t bytes) noexcept override {
        constexpr std::array<std::string_view, 3> bad = {"darn", "heck", "lag"};
        std::uint32_t count = 0;
        for (const std::string_view word : bad) {
            char* const end = text + bytes;
            for (char* at = text; (at = std::search(at, end, word.begin(), word.end())) != end;) {
                std::fill_n(at, word.size(), '*');
                ++count;
            }
        }
        return count;
    }
};

}  // namespace chat

GANTRY_PLUGIN(.name = "chat_filter", .version = "1.0.0", .world = gantry::create<chat::WordFilter>);
