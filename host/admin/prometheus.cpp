#include "host/admin/prometheus.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <string_view>

namespace gantry::admin {
namespace {

bool is_letter(char c) noexcept {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_name(std::string_view text, bool colon_allowed) noexcept {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    for (const char c : text) {
        const bool fits = is_letter(c) || (c >= '0' && c <= '9') || (colon_allowed && c == ':');
        if (!fits) return false;
    }
    return true;
}

std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
        if (c == '\\') {
            out += "\\\\";
        } else if (c == '\n') {
            out += "\\n";
        } else if (c == '"' && quotes) {
            out += "\\\"";
        } else {
            out += c;
        }
    }
    return out;
}

std::string number(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

/// `{a="1",le="0.5"}`, or nothing; `le` is left out when empty.
std::string label_text(const Labels& labels, std::string_view le) {
    std::string out;
    for (const auto& [name, value] : labels) {
        if (!is_name(name, false)) continue;
        out += fmt::format("{}{}=\"{}\"", out.empty() ? "" : ",", name, escaped(value, true));
    }
    if (!le.empty()) out += fmt::format("{}le=\"{}\"", out.empty() ? "" : ",", le);
    return out.empty() ? out : '{' + out + '}';
}

void write_histogram(const std::string& name, const MetricHistogram& histogram, std::string& out) {
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < histogram.counts.size(); ++i) {
        below += histogram.counts[i];
        const bool last = i >= histogram.bounds.size();
        const std::string le = last ? "+Inf" : number(histogram.bounds[i]);
        out += fmt::format("{}_bucket{} {}\n", name, label_text(histogram.labels, le), below);
    }
    const std::string labels = label_text(histogram.labels, "");
    out += fmt::format("{}_sum{} {}\n", name, labels, number(histogram.sum));
    out += fmt::format("{}_count{} {}\n", name, labels, below);
}

const char* type_name(MetricType type) noexcept {
    constexpr const char* names[] = {"counter", "gauge", "histogram"};
    return names[static_cast<std::size_t>(type)];
}

}  // namespace

std::string prometheus_text(const std::vector<MetricFamily>& families) {
    std::string out;
    std::set<std::string_view> seen;  // a scraper refuses a page that names a family twice
    for (const MetricFamily& family : families) {
        if (!is_name(family.name, true) || !seen.insert(family.name).second) continue;
        out += fmt::format("# HELP {} {}\n", family.name, escaped(family.help, false));
        out += fmt::format("# TYPE {} {}\n", family.name, type_name(family.type));
        for (const MetricSample& sample : family.samples) {
            out += fmt::format("{}{} {}\n", family.name, label_text(sample.labels, ""),
                               number(sample.value));
        }
        for (const MetricHistogram& histogram : family.histograms) {
            // One count for each bound and one above them all; anything else is no histogram.
            if (histogram.counts.size() != histogram.bounds.size() + 1) continue;
            write_histogram(family.name, histogram, out);
        }
    }
    return out;
}

}  // namespace gantry::admin
