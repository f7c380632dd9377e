// StateStore: the private state that one generation of a plugin leaves to the next.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/plugin.h"
#include "host/platform/lent.h"

namespace gantry::route {

/// What an instance saves and its successor reads: bytes under names.
class StateStore final : public platform::Lent, public StateWriter, public StateReader {
public:
    explicit StateStore(std::string saved_by = {}, std::uint64_t bytes_max = 0)
        : Lent{"the state of " + saved_by}, saved_by_{std::move(saved_by)}, bytes_max_{bytes_max} {}
    static std::shared_ptr<StateStore> make(std::string saved_by, std::uint64_t bytes_max) {
        return std::shared_ptr<StateStore>{new StateStore{std::move(saved_by), bytes_max}};
    }

    Status put(Str name, Bytes bytes) noexcept override;
    Bytes get(Str name) noexcept override;
    Str saved_by() noexcept override { return std::string_view{saved_by_}; }

    /// Calls `see(name, bytes)` for each, in the order of the names; counts as read by nobody.
    template <class See>
    void each(See&& see) const {
        for (const auto& [name, entry] : entries_) {
            see(std::string_view{name}, std::span<const std::byte>{entry.bytes});
        }
    }

    /// Takes over what nobody has read of an older state: it is offered to the next successor.
    void keep_unread(StateStore& older);

private:
    struct Entry {
        std::vector<std::byte> bytes;
        bool read = false;
    };
    std::string saved_by_;
    std::uint64_t bytes_max_ = 0;
    std::uint64_t bytes_ = 0;
    std::map<std::string, Entry, std::less<>> entries_;
};

/// The first name that only one of them has, or that has other bytes; empty: they are alike.
std::string first_difference(StateStore& a, StateStore& b);

}  // namespace gantry::route
