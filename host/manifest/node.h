// Node: a JSON value that remembers where it was written.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "host/manifest/diagnostics.h"

namespace gantry::manifest {

struct Member;

struct Node {
    enum class Kind : std::uint8_t { null, boolean, number, string, array, object };

    Kind kind = Kind::null;
    bool boolean = false;
    /// The whole string was one ${NAME}: where a number or a boolean is due, its text may be one.
    bool from_environment = false;
    bool wrong = false;  ///< an error about this value has been told; no other check looks at it
    Position at;
    std::string text;             ///< of a string; the digits of a number as they were written
    std::vector<Node> items;      ///< of an array
    std::vector<Member> members;  ///< of an object, in the order of the text

    bool is(Kind wanted) const noexcept { return kind == wanted; }
    /// The member's value, or null when this is no object or has none of that name.
    const Node* find(std::string_view key) const noexcept;
    Node* find(std::string_view key) noexcept;
};

struct Member {
    std::string key;
    Position key_at;
    Node value;
};

/// A manifest after includes and macros: what the typed Manifest was read from.
class Document {
public:
    std::vector<std::string> files;  ///< by Position::file
    Node root;

    Diagnostic diagnostic(Position at, std::string path, std::string message) const;
};

/// Nothing else of the text is relaxed: comments and trailing commas are, numbers and escapes are
/// not.
inline constexpr std::uint32_t depth_max = 64;
inline constexpr std::size_t text_bytes_max = 4 * 1024 * 1024;  ///< of all files together

/// "Found" as it stands in messages: `"gantri"`, `12`, `an array`.
std::string describe(const Node& node);

/// Compact JSON text.
std::string to_text(const Node& node);
/// The text as a JSON string with its quotes.
std::string quoted(std::string_view text);

/// `path` with one more step, escaped as RFC 6901 says.
std::string child_path(std::string_view path, std::string_view key);
std::string child_path(std::string_view path, std::size_t index);

}  // namespace gantry::manifest
