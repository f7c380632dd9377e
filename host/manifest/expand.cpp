#include "host/manifest/expand.h"

#include <fmt/format.h>

#include <utility>
#include <vector>

namespace gantry::manifest {
namespace {

bool is_name(std::string_view text) noexcept {
    if (text.empty() || (text[0] >= '0' && text[0] <= '9')) return false;
    for (const char c : text) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && !(c >= '0' && c <= '9') && c != '_') return false;
    }
    return true;
}

/// "IP" of "$IP$"; a macro may be written either way where it is defined.
std::string_view bare(std::string_view key) noexcept {
    if (key.size() > 2 && key.front() == '$' && key.back() == '$') {
        return key.substr(1, key.size() - 2);
    }
    return key;
}

}  // namespace

void Expander::define(Node macros) {
    if (!macros.is(Node::Kind::object)) {
        fail(macros, "/$MACRO$", fmt::format("found {}, allowed: an object", describe(macros)));
        return;
    }
    for (Member& member : macros.members) {
        const std::string path = child_path("/$MACRO$", member.key);
        const std::string name{bare(member.key)};
        Node& value = member.value;
        if (!is_name(name)) {
            fail(value, path,
                 "a macro's name has letters, digits and '_', and begins with no digit");
            continue;
        }
        if (value.is(Node::Kind::array) || value.is(Node::Kind::object) ||
            value.is(Node::Kind::null)) {
            fail(value, path,
                 fmt::format("found {}, allowed: a text, a number or a boolean", describe(value)));
            continue;
        }
        if (value.is(Node::Kind::string)) expand(value, path);
        if (const auto [known, fresh] = macros_.emplace(name, std::move(value)); !fresh) {
            fail(known->second, path, fmt::format("the macro {} is defined twice", name));
        }
    }
}

void Expander::expand(Node& node, const std::string& path) {
    if (node.text.find('$') == std::string::npos) return;
    const std::string text = std::move(node.text);
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        if (text[i] != '$') {
            out += text[i++];
            continue;
        }
        Piece found;
        if (!piece(std::string_view{text}.substr(i), node, path, found)) {
            node.wrong = true;
            return;
        }
        added_bytes_ += found.value.size();
        if (added_bytes_ > added_bytes_max) {
            node.wrong = true;
            fail(node, path, fmt::format("macros add more than {} bytes", added_bytes_max));
            return;
        }
        if (found.length == text.size() && found.macro != nullptr) {
            const Position at = node.at;
            node = *found.macro;
            node.at = at;
            return;
        }
        node.from_environment = found.length == text.size() && found.environment;
        out += found.value;
        i += found.length;
    }
    node.text = std::move(out);
}

bool Expander::piece(std::string_view text, const Node& node, const std::string& path, Piece& out) {
    out = Piece{1, nullptr, "$", false};
    if (text.starts_with("$$")) {
        out.length = 2;
        return true;
    }
    if (text.starts_with("${")) {
        const std::size_t end = text.find('}');
        if (end == std::string_view::npos) return fail(node, path, "\"${\" without its \"}\"");
        out.length = end + 1;
        return environment(text.substr(2, end - 2), node, path, out);
    }
    const std::size_t end = text.find('$', 1);
    if (end == std::string_view::npos || !is_name(text.substr(1, end - 1))) return true;
    out.length = end + 1;
    return macro(text.substr(1, end - 1), node, path, out);
}

bool Expander::macro(std::string_view name, const Node& node, const std::string& path, Piece& out) {
    const auto found = macros_.find(name);
    if (found == macros_.end()) {
        std::vector<std::string> known;
        for (const auto& [key, value] : macros_) known.push_back(key);
        return fail(
            node, path,
            fmt::format("unknown macro ${}$: \"$MACRO$\" defines macros above their use, and "
                        "\"$$\" stands for a dollar sign{}",
                        name, did_you_mean(name, known)));
    }
    out.macro = &found->second;
    out.value = found->second.is(Node::Kind::string) ? found->second.text : to_text(found->second);
    return true;
}

bool Expander::environment(std::string_view inside, const Node& node, const std::string& path,
                           Piece& out) {
    const std::size_t split = inside.find(":-");
    const std::string name{inside.substr(0, split)};
    if (!is_name(name)) {
        return fail(node, path,
                    fmt::format("\"${{{}}}\": allowed are ${{NAME}} and "
                                "${{NAME:-default}}",
                                inside.substr(0, 60)));
    }
    out.environment = true;
    auto value = source_.environment(name);
    if (value && !value->empty()) {
        out.value = std::move(*value);
        return true;
    }
    if (split != std::string_view::npos) {
        out.value = inside.substr(split + 2);
        return true;
    }
    return fail(node, path,
                fmt::format("the environment variable {} is not set; "
                            "${{{}:-default}} would give it a default",
                            name, name));
}

bool Expander::fail(const Node& node, const std::string& path, std::string message) {
    diagnostics_.add(document_.diagnostic(node.at, path, std::move(message)));
    return false;
}

}  // namespace gantry::manifest
