#include "host/route/onion.h"

#include <algorithm>

#include "host/platform/given.h"

namespace gantry::route {
namespace {

// What a layer has decided counts for nothing when it faults, or points the message to nowhere.
Verdict run(const Layer& layer, LayerFunction function, IoMessage& message) {
    Verdict verdict = Verdict::drop;
    const bool returned = call_counted(*layer.instance, core::CallKind::layer, layer.name, [&] {
        verdict = function(layer.desc.context, &message);
        platform::look_at(message.payload);
    });
    return returned ? verdict : Verdict::drop;
}

}  // namespace

Onion::Onion(std::vector<Layer> layers)
    : layers_{std::move(layers)},
      has_outbound_{std::any_of(layers_.begin(), layers_.end(), [](const Layer& layer) {
          return layer.desc.outbound != nullptr;
      })} {}

const FacetInstance* Onion::first_parked() const noexcept {
    const auto found = std::find_if(layers_.begin(), layers_.end(),
                                    [](const Layer& layer) { return layer.instance->parked(); });
    return found != layers_.end() ? found->instance : nullptr;
}

Verdict Onion::inbound(IoMessage& message, std::size_t from,
                       std::size_t& stopped_at) const noexcept {
    for (std::size_t i = from; i < layers_.size(); ++i) {
        const Layer& layer = layers_[i];
        if (layer.desc.inbound == nullptr) continue;
        const Verdict verdict = run(layer, layer.desc.inbound, message);
        if (verdict != Verdict::pass) {
            stopped_at = i;
            return verdict;
        }
    }
    return Verdict::pass;
}

Verdict Onion::outbound(IoMessage& message) const noexcept {
    for (std::size_t i = layers_.size(); i-- > 0;) {
        const Layer& layer = layers_[i];
        if (layer.desc.outbound == nullptr) continue;
        const Verdict verdict = run(layer, layer.desc.outbound, message);
        if (verdict == Verdict::hold) return Verdict::drop;
        if (verdict != Verdict::pass) return verdict;
    }
    return Verdict::pass;
}

void Onion::opened(SessionId session) const noexcept {
    for (const Layer& layer : layers_) {
        if (layer.desc.opened == nullptr) continue;
        call_facet(*layer.instance, core::CallKind::layer, layer.name,
                   [&] { layer.desc.opened(layer.desc.context, session); });
    }
}

void Onion::closed(SessionId session) const noexcept {
    for (std::size_t i = layers_.size(); i-- > 0;) {
        const Layer& layer = layers_[i];
        if (layer.desc.closed == nullptr) continue;
        call_facet(*layer.instance, core::CallKind::layer, layer.name,
                   [&] { layer.desc.closed(layer.desc.context, session); });
    }
}

}  // namespace gantry::route
