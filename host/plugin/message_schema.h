// MessageSchema: what a library says of its protobuf messages, in its section .gantry_messages.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace gantry::plugin {

struct MessageField {
    std::uint32_t number = 0;
    std::string name;
    std::string type;  ///< "sint32", "repeated message game.Item", "enum game.Color"
};

struct MessageSchema {
    std::uint32_t id = 0;  ///< 0 for a message that travels only inside of others
    std::string name;      ///< "game.Move"
    std::vector<MessageField> fields;

    const MessageField* field(std::uint32_t number) const noexcept;
    const MessageField* field(std::string_view field_name) const noexcept;
};

/// Lines as protoc-gen-gantry writes them: "message 7 game.Move", then "field 1 x sint32". Total:
/// what is no such line is passed over.
std::vector<MessageSchema> read_messages(std::string_view section);

}  // namespace gantry::plugin
