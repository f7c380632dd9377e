// compose.h: from files to one document: includes are merged, macros and the environment filled in.
#pragma once
#include <memory>
#include <string>

#include "host/manifest/load.h"
#include "host/manifest/node.h"

namespace gantry::manifest {

inline constexpr std::size_t files_max = 64;  ///< of one manifest, counting repeats
inline constexpr std::size_t include_depth_max = 16;

/// Reads `path` and what it includes into `document`. An included file comes first, so that the
/// including one overrides it; objects are merged, everything else is replaced.
void read_files(const std::string& path, const Source& source, Document& document,
                Diagnostics& diagnostics);

/// Replaces $NAME$ and ${NAME} in every text of the document and removes its "$MACRO$".
void expand_macros(const Source& source, Document& document, Diagnostics& diagnostics);

}  // namespace gantry::manifest
