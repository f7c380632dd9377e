// The interface between the two chat plugins. Neither includes the other; both include this.
#pragma once
#include <gantry/types.h>

namespace chat {

struct Filter {
    static constexpr const char* name = "chat.filter/1";

    /// Replaces bad words in `text` by stars, in place. Returns how many. [world]
    virtual std::uint32_t clean(char* text, std::uint64_t bytes) noexcept = 0;

protected:
    ~Filter() = default;
};

}  // namespace chat
