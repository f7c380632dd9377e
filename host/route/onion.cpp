#include "host/route/onion.h"

#include <algorithm>

namespace gantry::route {

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
        Verdict verdict = Verdict::drop;
        call_counted(*layer.instance, core::CallKind::layer, layer.name,
                     [&] { verdict = layer.desc.inbound(layer.desc.context, &message); });
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
        Verdict verdict = Verdict::drop;
        call_counted(*layer.instance, core::CallKind::layer, layer.name,
                     [&] { verdict = layer.desc.outbound(layer.desc.context, &message); });
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
