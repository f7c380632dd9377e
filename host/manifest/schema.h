// schema.h: checks a Node against a JSON Schema (draft-07 subset) and fills its defaults in.
#pragma once
#include <string>

#include "host/manifest/node.h"

namespace gantry::manifest {

/// Understands type, properties, required, additionalProperties, items, enum, minimum, maximum,
/// minLength, maxLength, maxItems and default; every other keyword is ignored. Adds an error for
/// each rule that is broken, and a missing property that has a default. `schema` was parsed from a
/// trusted file.
void check_schema(Node& value, const Node& schema, const std::string& path,
                  const Document& document, Diagnostics& diagnostics);

}  // namespace gantry::manifest
