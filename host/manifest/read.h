// read.h: from a checked document to the typed Manifest, and the checks that no schema can say.
#pragma once
#include "host/manifest/manifest.h"
#include "host/manifest/node.h"

namespace gantry::manifest {

/// What the document says; where the schema check found an error, the struct's own default stands.
Manifest read_manifest(const Node& root);

/// Names that are unique and exist, watermarks in order, addresses that are addresses, and so on.
/// `manifest` was read from `document`.
void check_manifest(const Manifest& manifest, const Document& document, Diagnostics& diagnostics);

}  // namespace gantry::manifest
