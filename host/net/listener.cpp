#include "host/net/listener.h"

namespace gantry::net {

namespace {
constexpr const char* balance_names[] = {"kernel", "round_robin", "least", "hash"};
}

const char* balance_name(Balance balance) noexcept {
    return balance_names[static_cast<std::size_t>(balance)];
}

std::optional<Balance> balance_from_name(std::string_view name) noexcept {
    for (std::size_t i = 0; i < sizeof balance_names / sizeof *balance_names; ++i) {
        if (name == balance_names[i]) return static_cast<Balance>(i);
    }
    return std::nullopt;
}

}  // namespace gantry::net
