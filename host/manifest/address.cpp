#include "host/manifest/address.h"

#include <cstddef>

namespace gantry::manifest {
namespace {

bool is_hex(char c) noexcept {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// The number of 16-bit groups in `text`, in which an IPv4 address counts as two; -1 for an error.
int groups_of(std::string_view text) noexcept {
    if (text.empty()) return 0;
    int groups = 0;
    while (true) {
        const std::size_t colon = text.find(':');
        const std::string_view group = text.substr(0, colon);
        if (colon == std::string_view::npos && is_ipv4(group)) return groups + 2;
        if (group.empty() || group.size() > 4) return -1;
        for (const char c : group) {
            if (!is_hex(c)) return -1;
        }
        ++groups;
        if (colon == std::string_view::npos) return groups;
        text.remove_prefix(colon + 1);
    }
}

}  // namespace

bool is_ipv4(std::string_view text) noexcept {
    for (int part = 0; part < 4; ++part) {
        std::size_t digits = 0;
        int value = 0;
        while (digits < text.size() && digits < 4 && text[digits] >= '0' && text[digits] <= '9') {
            value = value * 10 + (text[digits++] - '0');
        }
        // A leading zero means octal to some readers and decimal to others.
        if (digits == 0 || value > 255 || (digits > 1 && text[0] == '0')) return false;
        text.remove_prefix(digits);
        if (part == 3) return text.empty();
        if (text.empty() || text[0] != '.') return false;
        text.remove_prefix(1);
    }
    return false;
}

bool is_ipv6(std::string_view text) noexcept {
    if (text.find(':') == std::string_view::npos) return false;
    const std::size_t gap = text.find("::");
    if (gap == std::string_view::npos) return groups_of(text) == 8;
    const std::string_view tail = text.substr(gap + 2);
    if (tail.find("::") != std::string_view::npos) return false;
    const int before = groups_of(text.substr(0, gap));
    const int after = groups_of(tail);
    return before >= 0 && after >= 0 && before + after < 8;
}

bool is_loopback(std::string_view text) noexcept {
    return (is_ipv4(text) && text.starts_with("127.")) || text == "::1";
}

}  // namespace gantry::manifest
