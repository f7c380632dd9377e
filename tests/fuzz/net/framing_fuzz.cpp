// Framings: whatever the bytes, cutting is total, and splitting them changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

#include "host/net/framing.h"

using namespace gantry::net;

namespace {

struct Outcome {
    std::vector<std::string> frames;
    FrameError error = FrameError::none;
    bool operator==(const Outcome&) const = default;
};

/// As a connection does: bytes come in two pieces, what is left over waits for the second.
Outcome read(Framing framing, std::uint32_t max, std::span<const std::byte> bytes,
             std::size_t split) {
    Outcome outcome;
    std::size_t at = 0, scanned = 0;
    for (const std::size_t have : {split, bytes.size()}) {
        while (outcome.error == FrameError::none) {
            const auto rest = bytes.subspan(at, have - at);
            const Cut cut = cut_frame(framing, max, rest, scanned);
            scanned = 0;
            if (cut.what == Cut::What::error) outcome.error = cut.error;
            if (cut.what == Cut::What::need_more) {
                if (cut.needed <= rest.size()) std::abort();
                scanned = rest.size();
            }
            if (cut.what != Cut::What::frame) break;
            if (cut.consumed > rest.size() || cut.frame.payload.size() > max) std::abort();
            const auto* text = reinterpret_cast<const char*>(cut.frame.payload.data());
            outcome.frames.emplace_back(text, cut.frame.payload.size());
            at += cut.consumed;
        }
    }
    return outcome;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) return 0;
    const auto framing = static_cast<Framing>(data[0] % 6);
    const std::uint32_t max = data[1];
    const std::span bytes{reinterpret_cast<const std::byte*>(data + 3), size - 3};
    const std::size_t split = bytes.empty() ? 0 : data[2] % (bytes.size() + 1);
    if (read(framing, max, bytes, bytes.size()) != read(framing, max, bytes, split)) std::abort();
    for (const bool text : {false, true}) static_cast<void>(cut_message(framing, max, bytes, text));
    return 0;
}
