// Asking rooms for something and waiting a little for it.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "host/route/surroundings.h"

namespace gantry::app {

/// Runs `ask` once in each room (given as ways to post there) and gathers what they answer. A room
/// that does not answer in time is left out; its late answer goes nowhere. So is, at once, one to
/// which there is no way, for it is known to be stuck. [any thread but a room's]
template <class T>
std::vector<T> ask_rooms(const std::vector<route::PostToRoom>& rooms,
                         const std::function<T(std::size_t room)>& ask,
                         std::chrono::milliseconds patience = std::chrono::milliseconds{150}) {
    struct Gathered {
        std::mutex mutex;
        std::condition_variable changed;
        std::vector<T> answers;
    };
    const auto gathered = std::make_shared<Gathered>();
    std::size_t asked = 0;
    for (std::size_t i = 0; i < rooms.size(); ++i) {
        if (!rooms[i]) continue;
        ++asked;
        rooms[i]([gathered, ask, i] {
            T answer = ask(i);
            const std::lock_guard lock{gathered->mutex};
            gathered->answers.push_back(std::move(answer));
            gathered->changed.notify_one();
        });
    }
    std::unique_lock lock{gathered->mutex};
    gathered->changed.wait_for(lock, patience, [&] { return gathered->answers.size() == asked; });
    return std::move(gathered->answers);
}

}  // namespace gantry::app
