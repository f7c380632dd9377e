// Any bytes as a library's section .gantry_messages: what is no line of it is passed over.
#include <cstdint>
#include <cstdlib>

#include "host/plugin/message_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    for (const auto& message : gantry::plugin::read_messages(text)) {
        if (message.name.empty()) std::abort();
        for (const auto& field : message.fields) {
            if (message.field(field.number) == nullptr || message.field(field.name) == nullptr) {
                std::abort();
            }
        }
    }
    return 0;
}
