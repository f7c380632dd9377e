// ProtectedStore: numbers of one plugin's name in one room that only grow (gantry/protected.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "gantry/types.h"

namespace gantry::route {

/// One thread at a time. Trees, because peers may choose keys: no choice makes them slow.
class ProtectedStore {
public:
    static constexpr std::size_t numbers_max_default = 262'144;
    static constexpr std::uint64_t unknown = UINT64_MAX;

    explicit ProtectedStore(std::size_t numbers_max = numbers_max_default)
        : numbers_max_{numbers_max} {}

    Status raise(std::uint64_t key, std::uint64_t value, TimeNs until, TimeNs now);
    /// `unknown` for what is not kept, while a number that was refused would still count.
    std::uint64_t raised(std::uint64_t key, TimeNs now) const;
    std::size_t count() const noexcept { return numbers_.size(); }

private:
    struct Number {
        std::uint64_t value = 0;
        TimeNs until = 0;
        bool doubtful = false;  ///< a higher one may have found no room before it
    };
    void forget(TimeNs now);

    std::size_t numbers_max_;
    std::map<std::uint64_t, Number> numbers_;
    std::set<std::pair<TimeNs, std::uint64_t>> ends_;  ///< of each number: when, which
    TimeNs refused_until_ = INT64_MIN;
};

}  // namespace gantry::route
