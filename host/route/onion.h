// Onion: the middleware of one listener, from the outermost layer in and back out.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "gantry/io.h"
#include "host/route/facet_instance.h"

namespace gantry::route {

struct Layer {
    LayerDesc desc;  ///< desc.name is not kept; `name` is
    std::string name;
    FacetInstance* instance = nullptr;
};

class Onion {
public:
    Onion() = default;
    explicit Onion(std::vector<Layer> layers);

    bool empty() const noexcept { return layers_.empty(); }
    std::size_t size() const noexcept { return layers_.size(); }
    bool has_outbound() const noexcept { return has_outbound_; }
    /// A fault has ended this layer.
    bool parked(std::size_t layer) const noexcept { return layers_[layer].instance->parked(); }
    const Layer& layer(std::size_t index) const noexcept { return layers_[index]; }
    /// Whose the outermost of those is; null: all layers serve.
    const FacetInstance* first_parked() const noexcept;

    /// Inbound from layer `from` on. On anything but pass, `stopped_at` is the layer that said so.
    /// A layer that a fault has parked lets nothing pass.
    Verdict inbound(IoMessage& message, std::size_t from, std::size_t& stopped_at) const noexcept;
    /// Outbound, innermost first. A layer that would hold here drops: nothing waits on the way out.
    Verdict outbound(IoMessage& message) const noexcept;

    void opened(SessionId session) const noexcept;
    void closed(SessionId session) const noexcept;

private:
    std::vector<Layer> layers_;
    bool has_outbound_ = false;
};

}  // namespace gantry::route
