#include "host/core/did_you_mean.h"

#include <fmt/format.h>

#include <algorithm>

namespace gantry::core {
namespace {

// Optimal string alignment: insert, remove, replace and swap of neighbours cost one each.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
        before.swap(above);
        above.swap(row);
    }
    return above[b.size()];
}

}  // namespace

std::string did_you_mean(std::string_view word, const std::vector<std::string>& known) {
    constexpr std::size_t word_bytes_max = 64;  // the cost grows with the product of the lengths
    if (word.size() > word_bytes_max) return {};
    const std::string* best = nullptr;
    std::size_t best_distance = word.size() < 4 ? 1 : word.size() / 3 + 1;
    for (const std::string& candidate : known) {
        if (candidate.size() > word_bytes_max) continue;
        const std::size_t found = distance(word, candidate);
        if (found < best_distance || (found == best_distance && best == nullptr)) {
            best = &candidate;
            best_distance = found;
        }
    }
    return best ? fmt::format("; did you mean \"{}\"?", *best) : std::string{};
}

}  // namespace gantry::core
