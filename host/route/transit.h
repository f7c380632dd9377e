// Transit: what sessions carry along while they move from one world to another.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "gantry/types.h"

namespace gantry::route {

/// The old world puts it in, the new one takes it out, and the shard drops what belongs to a
/// session that closed on the way. So there is at most one for each session that moves. Rooms of
/// several threads meet here, but only when somebody moves. [any thread]
class Transit {
public:
    /// Replaces what was there. Only the two worlds know what it is.
    void put(SessionId session, std::shared_ptr<const void> luggage) {
        const std::lock_guard lock{mutex_};
        luggage_[session.value] = std::move(luggage);
    }
    /// Null when there is nothing.
    std::shared_ptr<const void> take(SessionId session) {
        const std::lock_guard lock{mutex_};
        const auto found = luggage_.extract(session.value);
        return found ? std::move(found.mapped()) : nullptr;
    }
    std::size_t count() const {
        const std::lock_guard lock{mutex_};
        return luggage_.size();
    }

private:
    mutable std::mutex mutex_;
    std::unordered_map<std::uint64_t, std::shared_ptr<const void>> luggage_;
};

}  // namespace gantry::route
