// Expander: fills $NAME$ (the manifest's own macros) and ${NAME} (the environment) into texts.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "host/manifest/load.h"
#include "host/manifest/node.h"

namespace gantry::manifest {

/// In a text: `$NAME$` is a macro, `${NAME}` and `${NAME:-default}` the environment, `$$` one
/// dollar sign; any other dollar sign stands for itself. What was filled in is not looked at again.
class Expander {
public:
    Expander(const Source& source, const Document& document, Diagnostics& diagnostics)
        : source_{source}, document_{document}, diagnostics_{diagnostics} {}

    /// The members of "$MACRO$": texts, numbers and booleans. Each may use those above it.
    void define(Node macros);

    /// Replaces the string `node`; a macro alone in its quotes gives its own kind: 8888, not
    /// "8888".
    void expand(Node& node, const std::string& path);

private:
    /// All that filling in may add to the document.
    static constexpr std::size_t added_bytes_max = text_bytes_max;

    struct Piece {
        std::size_t length = 0;       ///< bytes of the text that it stood for
        const Node* macro = nullptr;  ///< the macro, or null
        std::string value;
        bool environment = false;
    };

    /// What begins with the dollar sign at `text[0]`. False after an error.
    bool piece(std::string_view text, const Node& node, const std::string& path, Piece& out);
    bool macro(std::string_view name, const Node& node, const std::string& path, Piece& out);
    bool environment(std::string_view inside, const Node& node, const std::string& path,
                     Piece& out);
    bool fail(const Node& node, const std::string& path, std::string message);

    const Source& source_;
    const Document& document_;
    Diagnostics& diagnostics_;
    std::map<std::string, Node, std::less<>> macros_;
    std::size_t added_bytes_ = 0;
};

}  // namespace gantry::manifest
