#include "host/manifest/node.h"

#include <fmt/format.h>

namespace gantry::manifest {
namespace {

constexpr std::size_t shown_bytes_max = 60;

void write_text(const Node& node, std::string& out) {
    switch (node.kind) {
        case Node::Kind::null:
            out += "null";
            return;
        case Node::Kind::boolean:
            out += node.boolean ? "true" : "false";
            return;
        case Node::Kind::number:
            out += node.text;
            return;
        case Node::Kind::string:
            out += quoted(node.text);
            return;
        case Node::Kind::array: {
            out += '[';
            for (const Node& item : node.items) {
                if (&item != node.items.data()) out += ',';
                write_text(item, out);
            }
            out += ']';
            return;
        }
        case Node::Kind::object: {
            out += '{';
            for (const Member& member : node.members) {
                if (&member != node.members.data()) out += ',';
                out += quoted(member.key);
                out += ':';
                write_text(member.value, out);
            }
            out += '}';
            return;
        }
    }
}

}  // namespace

const Node* Node::find(std::string_view key) const noexcept {
    for (const Member& member : members) {
        if (member.key == key) return &member.value;
    }
    return nullptr;
}

Node* Node::find(std::string_view key) noexcept {
    return const_cast<Node*>(static_cast<const Node*>(this)->find(key));
}

Diagnostic Document::diagnostic(Position at, std::string path, std::string message) const {
    return {at.file < files.size() ? files[at.file] : std::string{}, at.line, at.column,
            std::move(path), std::move(message)};
}

std::string quoted(std::string_view text) {
    std::string out{'"'};
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '\n') {
            out += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\u{:04x}", byte);
        } else {
            out += c;
        }
    }
    return out += '"';
}

std::string describe(const Node& node) {
    if (node.is(Node::Kind::array)) return "an array";
    if (node.is(Node::Kind::object)) return "an object";
    std::string text = to_text(node);
    if (text.size() <= shown_bytes_max) return text;
    std::size_t cut = shown_bytes_max;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80) --cut;
    return text.substr(0, cut) + "…";
}

std::string to_text(const Node& node) {
    std::string out;
    write_text(node, out);
    return out;
}

std::string child_path(std::string_view path, std::string_view key) {
    std::string out{path};
    out += '/';
    for (const char c : key) {
        if (c == '~') {
            out += "~0";
        } else if (c == '/') {
            out += "~1";
        } else {
            out += c;
        }
    }
    return out;
}

std::string child_path(std::string_view path, std::size_t index) {
    return fmt::format("{}/{}", path, index);
}

}  // namespace gantry::manifest
