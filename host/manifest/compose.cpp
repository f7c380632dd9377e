#include "host/manifest/compose.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "host/manifest/expand.h"
#include "host/manifest/parser.h"

namespace gantry::manifest {
namespace {

void merge(Node& into, Node&& from) {
    if (!into.is(Node::Kind::object) || !from.is(Node::Kind::object)) {
        into = std::move(from);
        return;
    }
    into.at = from.at;
    for (Member& member : from.members) {
        if (Node* const known = into.find(member.key)) {
            merge(*known, std::move(member.value));
        } else {
            into.members.push_back(std::move(member));
        }
    }
}

std::string beside(const std::string& file, const std::string& included) {
    const std::filesystem::path path{included};
    if (path.is_absolute()) return path.lexically_normal().string();
    return (std::filesystem::path{file}.parent_path() / path).lexically_normal().string();
}

class Reader {
public:
    Reader(const Source& source, Document& document, Diagnostics& diagnostics)
        : source_{source}, document_{document}, diagnostics_{diagnostics} {}

    /// `named_at` is the include's place; of the first file it is no place.
    bool read(const std::string& path, const Diagnostic& named_at, Node& out) {
        if (document_.files.size() >= files_max) {
            return fail(named_at, fmt::format("more than {} files are included", files_max));
        }
        auto text = source_.read_file(path, text_bytes_max - bytes_);
        if (!text) {
            // Of the first file the diagnostic itself begins with the name.
            std::string message = text.error().message;
            const std::string name = path + ": ";
            if (named_at.line == 0 && message.starts_with(name)) message.erase(0, name.size());
            return fail(named_at, std::move(message));
        }
        if (text->size() > text_bytes_max - bytes_) {
            return fail(named_at, fmt::format("{}: the manifest's files are together larger than "
                                              "{} bytes",
                                              path, text_bytes_max));
        }
        bytes_ += text->size();

        const auto file = static_cast<std::uint32_t>(document_.files.size());
        document_.files.push_back(path);
        auto own = parse(*text, file, path, diagnostics_);
        if (!own) return false;
        if (!own->is(Node::Kind::object)) {
            return fail(document_.diagnostic(own->at, "", ""),
                        fmt::format("found {}, allowed: an object", describe(*own)));
        }
        open_.push_back(path);
        const bool ok = include(path, *own, out);
        open_.pop_back();
        if (ok) merge(out, std::move(*own));
        return ok;
    }

private:
    bool fail(Diagnostic at, std::string message) {
        at.message = std::move(message);
        diagnostics_.add(std::move(at));
        return false;
    }

    /// Takes "include" out of `own` and merges what it names into `out`.
    bool include(const std::string& path, Node& own, Node& out) {
        const auto member = std::find_if(own.members.begin(), own.members.end(),
                                         [](const Member& m) { return m.key == "include"; });
        if (member == own.members.end()) return true;
        const Node list = std::move(member->value);
        own.members.erase(member);

        if (!list.is(Node::Kind::array)) {
            return fail(document_.diagnostic(list.at, "/include", ""),
                        fmt::format("found {}, allowed: an array of file names", describe(list)));
        }
        bool ok = true;
        for (std::size_t i = 0; i < list.items.size(); ++i) {
            const Node& item = list.items[i];
            const Diagnostic at = document_.diagnostic(item.at, child_path("/include", i), "");
            if (!item.is(Node::Kind::string) || item.text.empty()) {
                ok = fail(at, fmt::format("found {}, allowed: a file name", describe(item)));
                continue;
            }
            const std::string target = beside(path, item.text);
            if (!may_open(target, at)) {
                ok = false;
                continue;
            }
            Node included;
            included.kind = Node::Kind::object;
            if (!read(target, at, included)) {
                ok = false;
                if (document_.files.size() >= files_max) return false;
                continue;
            }
            merge(out, std::move(included));
        }
        return ok;
    }

    bool may_open(const std::string& target, const Diagnostic& at) {
        const auto again = std::find(open_.begin(), open_.end(), target);
        if (again != open_.end()) {
            std::string chain;
            for (auto file = again; file != open_.end(); ++file) chain += *file + " -> ";
            return fail(at, fmt::format("these files include each other: {}{}", chain, target));
        }
        if (open_.size() >= include_depth_max) {
            return fail(at,
                        fmt::format("includes are nested deeper than {} files", include_depth_max));
        }
        return true;
    }

    const Source& source_;
    Document& document_;
    Diagnostics& diagnostics_;
    std::vector<std::string> open_;
    std::size_t bytes_ = 0;
};

void expand_node(Expander& expander, Node& node, const std::string& path) {
    if (node.is(Node::Kind::string)) return expander.expand(node, path);
    for (std::size_t i = 0; i < node.items.size(); ++i) {
        expand_node(expander, node.items[i], child_path(path, i));
    }
    for (Member& member : node.members) {
        expand_node(expander, member.value, child_path(path, member.key));
    }
}

}  // namespace

void read_files(const std::string& path, const Source& source, Document& document,
                Diagnostics& diagnostics) {
    document.root.kind = Node::Kind::object;
    const std::string normal = std::filesystem::path{path}.lexically_normal().string();
    Reader{source, document, diagnostics}.read(normal, Diagnostic{path, 0, 0, {}, {}},
                                               document.root);
}

void expand_macros(const Source& source, Document& document, Diagnostics& diagnostics) {
    Expander expander{source, document, diagnostics};
    auto& members = document.root.members;
    const auto member = std::find_if(members.begin(), members.end(),
                                     [](const Member& m) { return m.key == "$MACRO$"; });
    if (member != members.end()) {
        Node macros = std::move(member->value);
        members.erase(member);
        expander.define(std::move(macros));
    }
    expand_node(expander, document.root, "");
}

}  // namespace gantry::manifest
