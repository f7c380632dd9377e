// The upgrade to WebSocket, from both sides: an answer is always one whole HTTP response.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "host/net/ws_handshake.h"

using namespace gantry::net;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 1) return 0;
    const std::string_view bytes{reinterpret_cast<const char*>(data + 1), size - 1};
    WebSocketOptions options;
    options.permessage_deflate = true;
    if ((data[0] & 1) != 0) options.path = "/play";
    if ((data[0] & 2) != 0) options.origins = {"https://game.example"};
    options.subprotocols = {"gantry.1"};

    WsHandshake handshake;
    handshake.request.feed(bytes);
    if (handshake.request.state() == HttpState::done) {
        const WsAnswer answer = answer_ws_request(handshake.request.request(), options);
        HttpResponseParser reader;
        reader.feed(answer.response);
        if (reader.state() != HttpState::done) std::abort();
        if ((reader.response().status == 101) != answer.accepted) std::abort();
    }
    handshake.response.feed(bytes);
    if (handshake.response.state() == HttpState::done) {
        bool deflate = false;
        check_ws_response(handshake.response.response(), options,
                          "dGhlIHNhbXBsZSBub25jZQ==", deflate);
    }
    return 0;
}
