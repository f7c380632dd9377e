// Diagnostics: everything that is wrong with a manifest, each with its place.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>

#include <string_view>
#include <vector>
#include "host/core/did_you_mean.h"

namespace gantry::manifest {

/// A place in a source file. Lines and columns count from 1; columns count bytes.
struct Position {
    std::uint32_t file = 0;  ///< index into Document::files
    std::uint32_t line = 0;  ///< 0: the file as a whole
    std::uint32_t column = 0;
};

struct Diagnostic {
    std::string file;
    std::uint32_t line = 0;
    std::uint32_t column = 0;
    std::string path;     ///< JSON pointer into the document, may be empty
    std::string message;  ///< what was found, what is allowed, what was meant

    /// `config/arena.json:12:7: /listeners/0/framing: found "gantri", allowed: "gantry", …`
    std::string text() const;
};

struct Diagnostics {
    /// More than this many are counted in `left_out` only.
    static constexpr std::size_t list_max = 50;

    std::vector<Diagnostic> list;
    std::size_t left_out = 0;

    bool empty() const noexcept { return list.empty(); }
    void add(Diagnostic diagnostic);
    /// One line each, without a newline at the end.
    std::string text() const;
};

using core::did_you_mean;

}  // namespace gantry::manifest
