// WsSession: the WebSocket state of one connection after its handshake: bytes in, messages out.
#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "gantry/types.h"
#include "host/net/close_reason.h"
#include "host/net/utf8.h"
#include "host/net/ws_codec.h"
#include "host/net/ws_deflate.h"

namespace gantry::net {

class WsHandshake;

struct WsLimits {
    std::uint64_t message_bytes_max = 0;
    std::uint32_t fragments_max = 0;
    std::uint32_t control_frames_per_s = 0;
};

/// What lies at the front of the bytes.
struct WsEvent {
    enum class What : std::uint8_t { need_more, nothing, message, close, error };
    What what = What::need_more;
    bool text = false;
    CloseReason error = CloseReason::none;
    std::size_t consumed = 0;
    std::size_t needed = 0;              ///< need_more
    std::span<const std::byte> payload;  ///< message, close; until the next call
};

class WsSession {
public:
    /// `client`: this side is the client, so it masks and the peer must not.
    WsSession(bool client, WsLimits limits) noexcept;
    ~WsSession();

    /// Takes one WebSocket frame from the front and unmasks it in place. `nothing`: a fragment or a
    /// control frame was dealt with. After an error or a close nothing may be asked any more.
    WsEvent next(std::span<std::byte> bytes, WsCompressor& compressor, TimeNs now);

    /// After a message was used: gives back what was needed to put it together.
    void release_message() noexcept;

    /// The payload of the last ping that is not answered yet; a newer one replaces an older.
    bool take_pong(std::span<std::byte> payload, std::size_t& bytes) noexcept;
    bool take_ping() noexcept { return std::exchange(ping_wanted_, false); }
    void request_ping(TimeNs now) noexcept {
        ping_wanted_ = true;
        pinged_at_ = now;
    }
    TimeNs pinged_at() const noexcept { return pinged_at_; }

    bool client() const noexcept { return client_; }
    bool deflates() const noexcept { return deflates_; }
    void enable_deflate() noexcept { deflates_ = true; }
    bool close_sent() const noexcept { return close_sent_; }
    void set_close_sent() noexcept { close_sent_ = true; }

    std::unique_ptr<WsHandshake> handshake;  ///< until it is done

private:
    WsEvent data_frame(const WsHead& head, std::span<std::byte> payload, WsCompressor& compressor);
    WsEvent control_frame(const WsHead& head, std::span<std::byte> payload, TimeNs now);
    WsEvent whole_message(std::span<const std::byte> payload, WsCompressor& compressor);
    WsEvent check_head(const WsHead& head) const;
    bool check_text(const WsHead& head, std::span<const std::byte> masked);

    WsLimits limits_;
    bool client_;
    bool deflates_ = false;
    bool close_sent_ = false;
    bool ping_wanted_ = false;
    bool pong_wanted_ = false;
    // The message whose fragments are arriving.
    bool in_message_ = false;
    bool text_ = false;
    bool compressed_ = false;
    std::uint8_t pong_bytes_ = 0;
    std::uint32_t fragments_ = 0;
    Utf8Check utf8_;
    std::size_t checked_bytes_ = 0;  // of the frame that is arriving, by utf8_
    std::vector<std::byte> assembled_;
    std::vector<std::byte> inflated_;
    std::unique_ptr<std::array<std::byte, ws_control_payload_bytes_max>> pong_;
    std::uint32_t control_frames_ = 0;  // in the second that began at control_since_
    TimeNs control_since_ = 0;
    TimeNs pinged_at_ = 0;
};

}  // namespace gantry::net
