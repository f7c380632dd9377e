// Any bytes as a library file: the gate answers with a candidate or a sentence, and never reads
// outside.
#include <cstdint>
#include <cstdlib>

#include "host/plugin/gate.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto* bytes = reinterpret_cast<const std::byte*>(data);
    const auto candidate = gantry::plugin::inspect_bytes({bytes, bytes + size}, "fuzz.so");
    if (!candidate && candidate.error().message.empty()) std::abort();
    return 0;
}
