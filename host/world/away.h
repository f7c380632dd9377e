// Away: a world that its worker had to leave behind, with the thread that is stuck in it.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "host/world/outbox.h"
#include "host/world/world.h"

namespace gantry::world {

struct Away {
    std::unique_ptr<Outbox> outbox;          ///< where the world sends meanwhile
    std::shared_ptr<core::ByteRing> pinned;  ///< holds the message that it handles, if it does
    std::unique_ptr<World> world;            ///< the stuck thread's alone, but for config()
    std::deque<route::KeptRecord> records;   ///< that came for it
    std::uint64_t record_bytes = 0;
    std::vector<std::function<void()>> work;

    /// False at the limit: then the record is not taken.
    bool keep(const core::ByteRing::Record& record);

private:
    bool forget_session(SessionId session);
};

}  // namespace gantry::world
