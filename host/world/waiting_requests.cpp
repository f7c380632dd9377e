#include "host/world/waiting_requests.h"

namespace gantry::world {

WaitingRequests::Key WaitingRequests::begun(std::uint32_t owner) {
    if (now_ == nullptr || owner != owner_ || answered_ || !now_->is_request()) return {};
    const Key key = key_of(*now_);
    Request& request = requests_[key];
    if (request.tasks++ == 0) {
        request.head = *now_;
        request.head.payload = {};
        request.handler = handler_;
        request.owner = owner;
    }
    return key;
}

void WaitingRequests::ended(const Key& key) { (void)dropped(key); }

std::optional<WaitingRequests::Request> WaitingRequests::dropped(const Key& key) {
    const auto found = requests_.find(key);
    if (found == requests_.end() || --found->second.tasks != 0) return std::nullopt;
    std::optional<Request> request{std::move(found->second)};
    requests_.erase(found);
    return request;
}

std::vector<WaitingRequests::Request> WaitingRequests::drop_all(std::uint32_t owner) {
    std::vector<Request> list;
    std::erase_if(requests_, [&](auto& entry) {
        if (entry.second.owner != owner) return false;
        list.push_back(std::move(entry.second));
        return true;
    });
    return list;
}

}  // namespace gantry::world
