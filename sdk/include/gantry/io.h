// gantry/io.h: "gantry.io/1", what runs on a shard: middleware layers and stateless routes.
#pragma once
#include "gantry/net.h"
#include "gantry/types.h"

namespace gantry {

/// What a layer decides about a message.
enum class Verdict : std::uint32_t {
    pass,   ///< to the next layer; the payload may have been re-pointed
    drop,   ///< nobody sees it (a layer that answered by itself returns this too)
    close,  ///< end the connection with reason `refused`
    hold,   ///< decide later by release(); the connection's later messages wait
};

/// A message on its way through the layers. A layer may re-point `payload` to memory of its own
/// that stays as it is until its next call.
struct IoMessage {
    SessionId session;
    std::uint16_t id = 0;
    std::uint8_t flags = 0;
    std::uint8_t channel = 0;
    std::uint32_t correlation = 0;
    Bytes payload;
    std::uint32_t text = 0;
    std::uint32_t reserved = 0;
};

using LayerFunction = Verdict (*)(void* context, IoMessage* message) noexcept;
using IoSessionFunction = void (*)(void* context, SessionId session) noexcept;
using IoRouteFunction = Status (*)(void* context, const IoMessage* message) noexcept;

/// One ring of the onion. Inbound runs in the listener's order, outbound in reverse. Null: pass.
struct LayerDesc {
    Str name;
    LayerFunction inbound = nullptr;
    LayerFunction outbound = nullptr;
    IoSessionFunction opened = nullptr;
    IoSessionFunction closed = nullptr;
    void* context = nullptr;
};

/// All calls [io].
struct Io {
    static constexpr const char* interface_id = "gantry.io/1";

    /// Offer a layer under a name that listeners of the manifest can list. Only during start().
    virtual Status layer(const LayerDesc* desc) noexcept = 0;
    /// Claim a message id on every listener: answered on the shard, no world sees it.
    virtual Status route(std::uint16_t message_id, Str name, IoRouteFunction handler,
                         void* context) noexcept = 0;
    virtual Status send(SessionId to, std::uint16_t message_id, std::uint8_t channel,
                        Bytes payload) noexcept = 0;
    virtual Status reply(const IoMessage* request, Bytes payload) noexcept = 0;
    virtual Status fail(const IoMessage* request, Status status, Str sentence) noexcept = 0;
    virtual Status close(SessionId session) noexcept = 0;
    /// Ends a hold with pass, drop or close.
    virtual Status release(SessionId session, Verdict verdict) noexcept = 0;

protected:
    ~Io() = default;
};

}  // namespace gantry
