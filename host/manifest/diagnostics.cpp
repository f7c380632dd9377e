#include "host/manifest/diagnostics.h"

#include <fmt/format.h>

namespace gantry::manifest {
namespace {

// Control characters of a key would let a file forge lines of a terminal or a log.
std::string visible(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string Diagnostic::text() const {
    std::string out = visible(file);
    if (line != 0) out += fmt::format(":{}:{}", line, column);
    out += ": ";
    if (!path.empty()) out += visible(path) + ": ";
    return out + visible(message);
}

void Diagnostics::add(Diagnostic diagnostic) {
    if (list.size() < list_max) {
        list.push_back(std::move(diagnostic));
    } else {
        ++left_out;
    }
}

std::string Diagnostics::text() const {
    std::string out;
    for (const Diagnostic& diagnostic : list) {
        if (!out.empty()) out += '\n';
        out += diagnostic.text();
    }
    if (left_out != 0) out += fmt::format("\nand {} more errors", left_out);
    return out;
}

}  // namespace gantry::manifest
