// WaitingRequests: those of a world whose handlers wait in tasks, so that their clients get an
// answer even when the tasks are dropped.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "gantry/net.h"

namespace gantry::world {

/// All calls [world].
class WaitingRequests {
public:
    struct Key {
        SessionId session;
        std::uint32_t correlation = 0;
        std::uint16_t id = 0;
        friend bool operator==(const Key&, const Key&) = default;
    };
    struct Request {
        Message head;  ///< without its payload
        std::string handler;
        std::uint32_t owner = 0;  ///< the instance whose handler it was
        std::uint32_t tasks = 0;  ///< that work for it
    };

    /// A handler of this owner runs from here to handled(): the tasks that it begins work for this
    /// message. Both outlive the call.
    void handling(const Message& message, std::uint32_t owner, std::string_view handler) noexcept {
        now_ = &message;
        owner_ = owner;
        handler_ = handler;
        answered_ = false;
    }
    void handled() noexcept { now_ = nullptr; }

    /// What a task of that owner works for that begins now; a key without a session: for nothing.
    Key begun(std::uint32_t owner);
    void ended(const Key& key);
    void answered(const Message& request) noexcept {
        const bool handled_now =
            now_ == &request || (now_ != nullptr && key_of(request) == key_of(*now_));
        if (handled_now) answered_ = true;
        if (!requests_.empty()) requests_.erase(key_of(request));
    }
    /// The task ends without an answer: the request, where no other works for it.
    std::optional<Request> dropped(const Key& key);
    /// All that this owner still owes an answer.
    std::vector<Request> drop_all(std::uint32_t owner);
    std::size_t count() const noexcept { return requests_.size(); }

private:
    struct Hash {
        std::size_t operator()(const Key& key) const noexcept {
            const std::uint64_t rest = std::uint64_t{key.correlation} << 16 | key.id;
            return std::hash<std::uint64_t>{}(key.session.value ^ rest * 0x9E3779B97F4A7C15u);
        }
    };
    static Key key_of(const Message& message) noexcept {
        return {message.session, message.correlation, message.id};
    }

    std::unordered_map<Key, Request, Hash> requests_;
    const Message* now_ = nullptr;
    std::uint32_t owner_ = 0;
    std::string_view handler_;
    bool answered_ = false;
};

}  // namespace gantry::world
