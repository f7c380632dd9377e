#include "host/net/transport_registry.h"

#include <algorithm>

namespace gantry::net {

Result<Done> TransportRegistry::add(TransportFactory& factory) {
    auto checked = check(factory);
    if (checked) factories_.push_back(&factory);
    return checked;
}

Result<Done> TransportRegistry::check(const TransportFactory& factory) const {
    const std::string scheme{factory.scheme()};
    const bool plain = !scheme.empty() && std::all_of(scheme.begin(), scheme.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
    if (!plain || scheme == "ws") {
        return Error{Status::invalid, "transport \"" + scheme +
                                          "\": a scheme is made of a-z, 0-9 and '-', and \"ws\" is "
                                          "WebSocket over another transport"};
    }
    if (find(scheme) != nullptr) {
        return Error{Status::already_exists, "transport \"" + scheme + "\" is registered already"};
    }
    return Done{};
}

void TransportRegistry::remove(TransportFactory& factory) noexcept {
    std::erase(factories_, &factory);
}

TransportFactory* TransportRegistry::find(std::string_view scheme) const noexcept {
    for (TransportFactory* const factory : factories_) {
        if (factory->scheme().view() == scheme) return factory;
    }
    return nullptr;
}

std::string TransportRegistry::names() const {
    std::string names;
    for (const TransportFactory* const factory : factories_) {
        if (!names.empty()) names += ", ";
        names += factory->scheme().view();
    }
    return names;
}

Scheme parse_scheme(std::string_view transport) noexcept {
    if (transport == "ws") return {"tcp", true};
    if (transport.substr(0, 3) == "ws+") return {transport.substr(3), true};
    return {transport, false};
}

}  // namespace gantry::net
