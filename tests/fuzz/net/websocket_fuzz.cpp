// WsSession, inflate included: any bytes give messages within the limits, or one error.
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "host/net/utf8.h"
#include "host/net/ws_session.h"

using namespace gantry::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const bool client = (data[0] & 1) != 0;
    WsSession session{client, {4096, 8, 16}};
    if ((data[0] & 2) != 0) session.enable_deflate();
    static WsCompressor compressor;

    const std::size_t step = 1 + data[1];
    std::vector<std::byte> buffer;
    std::size_t fed = 2, at = 0;
    while (true) {
        const WsEvent event = session.next(std::span{buffer}.subspan(at), compressor, 0);
        at += event.consumed;
        if (at > buffer.size()) std::abort();
        if (event.what == WsEvent::What::error || event.what == WsEvent::What::close) return 0;
        if (event.what == WsEvent::What::message) {
            if (event.payload.size() > 4096) std::abort();
            Utf8Check check;
            if (event.text && !(check.feed(event.payload) && check.complete())) std::abort();
            session.release_message();
        }
        if (event.what != WsEvent::What::need_more) continue;
        if (event.needed <= buffer.size() - at) std::abort();
        if (fed == size) return 0;
        const std::size_t count = std::min(step, size - fed);
        const auto* const bytes = reinterpret_cast<const std::byte*>(data + fed);
        buffer.insert(buffer.end(), bytes, bytes + count);
        fed += count;
    }
}
