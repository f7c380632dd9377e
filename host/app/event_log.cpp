#include "host/app/event_log.h"

#include <algorithm>

namespace gantry::app {

void EventLog::tell(const SessionEvent& told) {
    const std::lock_guard lock{mutex_};
    admin::SessionEvent event;
    event.number = ++last_;
    event.kind = static_cast<admin::EventKind>(told.kind);
    event.session = told.session.value;
    event.at_unix_ms = clock_.wall_now() / ns_per_ms;
    event.message_id = told.message_id;
    event.bytes = static_cast<std::uint32_t>(told.payload_bytes);
    event.text = told.text.view();
    events_.push_back(std::move(event));
    if (events_.size() > events_max) events_.pop_front();
}

admin::EventBatch EventLog::since(std::uint64_t after, std::size_t count_max, bool messages) {
    const std::lock_guard lock{mutex_};
    admin::EventBatch batch;
    batch.upto = after;
    if (events_.empty() || events_.back().number <= after) return batch;
    const std::uint64_t first = events_.front().number;
    if (first > after + 1) batch.lost = first - after - 1;
    for (std::size_t i = first > after ? 0 : static_cast<std::size_t>(after + 1 - first);
         i < events_.size() && batch.events.size() < count_max; ++i) {
        const admin::SessionEvent& event = events_[i];
        batch.upto = event.number;
        const bool of_message =
            event.kind == admin::EventKind::received || event.kind == admin::EventKind::sent;
        if (messages || !of_message) batch.events.push_back(event);
    }
    return batch;
}

std::uint64_t EventLog::last() {
    const std::lock_guard lock{mutex_};
    return last_;
}

}  // namespace gantry::app
