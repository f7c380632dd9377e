// RouteTable: message id to handler, in two loads.
#pragma once
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "host/core/owner.h"
#include "host/core/result.h"

namespace gantry::route {

/// `Function` is the plain function type that handles a message of this room, `Instance` what holds
/// the plugin's object there. Built once, then read only: a change builds a new table beside the
/// old one.
template <class Function, class Instance>
class RouteTable {
public:
    struct Route {
        Function function = nullptr;
        void* context = nullptr;
        Instance* instance = nullptr;
        const core::Owner* owner = nullptr;
        std::uint16_t id = 0;
        std::string name;
    };

    /// Refuses an id that has an owner, naming both.
    Result<Done> add(Route route) {
        if (const Route* taken = find(route.id)) {
            return Error{Status::already_exists, "message id " + std::to_string(route.id) + " of " +
                                                     text_of(route) + " already belongs to " +
                                                     text_of(*taken)};
        }
        auto& page = pages_[route.id >> 8];
        if (!page) page = std::make_unique<Page>();
        (*page)[route.id & 0xff] = static_cast<std::uint16_t>(all_.size() + 1);
        all_.push_back(std::make_unique<Route>(std::move(route)));
        return Done{};
    }
    /// Null when nobody handles the id.
    const Route* find(std::uint16_t id) const noexcept {
        const auto& page = pages_[id >> 8];
        if (!page) return nullptr;
        const std::uint16_t index = (*page)[id & 0xff];
        return index != 0 ? all_[index - 1u].get() : nullptr;
    }
    const std::vector<std::unique_ptr<Route>>& all() const noexcept { return all_; }

private:
    /// "arena@2.0.0#2 (Move)"; a handler without a name of its own is called by the id.
    static std::string text_of(const Route& route) {
        const bool named =
            !route.name.empty() && route.name != "message " + std::to_string(route.id);
        return route.owner->label + (named ? " (" + route.name + ")" : "");
    }

    using Page = std::array<std::uint16_t, 256>;
    std::array<std::unique_ptr<Page>, 256> pages_;
    std::vector<std::unique_ptr<Route>> all_;
};

}  // namespace gantry::route
