#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <vector>

#include "host/manifest/address.h"
#include "host/manifest/read.h"

namespace gantry::manifest {
namespace {

constexpr std::uint32_t token_bytes_min = 16;

bool is_name(std::string_view text) noexcept {
    return std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    });
}

/// "1.4.2", "1.4.2-rc1"
bool is_version(std::string_view text) noexcept {
    for (int part = 0; part < 3; ++part) {
        const std::size_t digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 9) return false;
        text.remove_prefix(digits);
        if (part == 2) break;
        if (!text.starts_with('.')) return false;
        text.remove_prefix(1);
    }
    return text.empty() || (text.starts_with('-') && text.size() > 1);
}

/// The transport of a plugin may call its places as it likes.
bool speaks_ip(std::string_view transport) noexcept {
    if (transport.starts_with("ws+")) transport.remove_prefix(3);
    return transport == "tcp" || transport == "ws";
}

class Checks {
public:
    Checks(const Manifest& manifest, const Document& document, Diagnostics& diagnostics)
        : manifest_{manifest}, document_{document}, diagnostics_{diagnostics} {}

    void all() {
        const Node& root = document_.root;
        check_name(root, "name", manifest_.name, "/name");
        worlds_ = names(manifest_.worlds, "worlds");
        plugins_ = names(manifest_.plugins, "plugins");
        names(manifest_.listeners, "listeners");
        for_each(manifest_.listeners, "listeners",
                 [this](const auto&... args) { listener(args...); });
        for_each(manifest_.worlds, "worlds", [this](const auto&... args) { world(args...); });
        for_each(manifest_.plugins, "plugins", [this](const auto&... args) { plugin(args...); });
        if (const Node* const node = root.find("gate")) gate(*node);
        if (const Node* const node = root.find("admin")) admin(*node);
    }

private:
    using Names = std::vector<std::string>;

    /// The error stands at the member, or at the object when the member is a default.
    void fail(const Node& object, std::string_view key, const std::string& path,
              std::string message) {
        const Node* const member = object.find(key);
        diagnostics_.add(
            document_.diagnostic(member ? member->at : object.at, path, std::move(message)));
    }

    template <class Items, class Check>
    void for_each(const Items& items, std::string_view key, Check&& check) {
        const Node* const list = document_.root.find(key);
        for (std::size_t i = 0; i < items.size(); ++i) {
            check(items[i], list->items[i], child_path(child_path("", key), i));
        }
    }

    bool check_name(const Node& object, std::string_view key, const std::string& name,
                    const std::string& path) {
        if (is_name(name)) return true;
        fail(object, key, path,
             fmt::format("found {}, allowed: letters, digits, '_', '-' and '.'", quoted(name)));
        return false;
    }

    /// Every name of a list; a second one of the same name is an error that names the first.
    template <class Items>
    Names names(const Items& items, std::string_view key) {
        std::map<std::string, const Node*> first;
        Names out;
        for_each(items, key, [&](const auto& item, const Node& node, const std::string& path) {
            if (item.name.empty()) return;  // the schema check has complained
            const std::string at = child_path(path, "name");
            check_name(node, "name", item.name, at);
            const auto [known, fresh] = first.emplace(item.name, &node);
            if (fresh) return out.push_back(item.name);
            const Position before = known->second->find("name")->at;
            fail(node, "name", at,
                 fmt::format("{} stands twice in {}, first in {}:{}:{}", quoted(item.name), key,
                             document_.files[before.file], before.line, before.column));
        });
        return out;
    }

    void known(const Node& place, const std::string& path, const std::string& name,
               std::string_view kind, const Names& known_names) {
        if (name.empty()) return;
        if (std::find(known_names.begin(), known_names.end(), name) != known_names.end()) return;
        std::string hint = did_you_mean(name, known_names);
        if (hint.empty()) {
            hint = known_names.empty() ? fmt::format("; the manifest has no {}s", kind)
                                       : fmt::format(", allowed: {}", fmt::join(known_names, ", "));
        }
        diagnostics_.add(document_.diagnostic(
            place.at, path, fmt::format("there is no {} {}{}", kind, quoted(name), hint)));
    }

    /// Names of plugins in a list; none twice.
    void plugin_list(const Node& object, std::string_view key, const std::string& path,
                     const Names& list) {
        const Node* const node = object.find(key);
        for (std::size_t i = 0; i < list.size(); ++i) {
            known(node->items[i], child_path(child_path(path, key), i), list[i], "plugin",
                  plugins_);
        }
        none_twice(object, key, path, list);
    }

    void none_twice(const Node& object, std::string_view key, const std::string& path,
                    const Names& list) {
        const Node* const node = object.find(key);
        for (std::size_t i = 0; i < list.size(); ++i) {
            const std::string at = child_path(child_path(path, key), i);
            const auto end = list.begin() + static_cast<std::ptrdiff_t>(i);
            if (!list[i].empty() && std::find(list.begin(), end, list[i]) != end) {
                diagnostics_.add(document_.diagnostic(
                    node->items[i].at, at, fmt::format("{} stands twice here", quoted(list[i]))));
            }
        }
    }

    void listener(const Listener& item, const Node& node, const std::string& path) {
        if (speaks_ip(item.transport) && !is_ipv4(item.address) && !is_ipv6(item.address)) {
            fail(node, "address", child_path(path, "address"),
                 fmt::format("found {}, allowed: an IP address such as 127.0.0.1, 0.0.0.0 or ::",
                             quoted(item.address)));
        }
        if (const Node* const place = node.find("world")) {
            known(*place, child_path(path, "world"), item.world, "world", worlds_);
        }
        // Which layers there are only the plugins know, once they have started.
        none_twice(node, "middleware", path, item.middleware);
        queue(item, node, path);
        if (const Node* const ws = node.find("ws"); ws && !item.ws.path.starts_with('/')) {
            fail(*ws, "path", path + "/ws/path",
                 fmt::format("found {}, allowed: a path that begins with /", quoted(item.ws.path)));
        }
        const bool short_prefix = item.framing == Framing::u16le || item.framing == Framing::u16be;
        if (short_prefix && item.payload_bytes_max > 65'535) {
            fail(node, "payload_bytes_max", child_path(path, "payload_bytes_max"),
                 fmt::format("found {}, allowed: at most 65535, for the framing {} has a length of "
                             "16 bits",
                             item.payload_bytes_max, name_of(item.framing)));
        }
        port_once(item, node, path);
    }

    void queue(const Listener& item, const Node& node, const std::string& path) {
        const Node* const object = node.find("queue");
        if (object == nullptr) return;
        const Queue& q = item.queue;
        const std::string at = child_path(path, "queue");
        if (q.low_bytes >= q.high_bytes || q.high_bytes >= q.max_bytes) {
            fail(*object, "low_bytes", at,
                 fmt::format("low_bytes {}, high_bytes {}, max_bytes {}: allowed: each below the "
                             "next",
                             q.low_bytes, q.high_bytes, q.max_bytes));
        }
        if (q.max_bytes < item.payload_bytes_max) {
            fail(*object, "max_bytes", child_path(at, "max_bytes"),
                 fmt::format("found {}, allowed: at least payload_bytes_max, which is {}",
                             q.max_bytes, item.payload_bytes_max));
        }
    }

    void port_once(const Listener& item, const Node& node, const std::string& path) {
        if (item.port == 0) return;
        const std::string place = fmt::format("{} port {}", item.address, item.port);
        const auto [known, fresh] = ports_.emplace(place, path);
        if (fresh) return;
        fail(node, "port", child_path(path, "port"),
             fmt::format("{} is taken by {} already", place, known->second));
    }

    void world(const World& item, const Node& node, const std::string& path) {
        plugin_list(node, "plugins", path, item.plugins);
        const auto worker = static_cast<std::int64_t>(item.worker);
        if (manifest_.workers != 0 && worker >= static_cast<std::int64_t>(manifest_.workers)) {
            fail(node, "worker", child_path(path, "worker"),
                 fmt::format("found {}, allowed: below {}, the number of workers", item.worker,
                             manifest_.workers));
        }
    }

    void plugin(const Plugin& item, const Node& node, const std::string& path) {
        if (item.version_min.empty() || is_version(item.version_min)) return;
        fail(node, "version_min", child_path(path, "version_min"),
             fmt::format("found {}, allowed: a version such as \"1.4.2\"",
                         quoted(item.version_min)));
    }

    void gate(const Node& node) {
        const Gate& item = manifest_.gate;
        const Node* const list = node.find("keys");
        for (std::size_t i = 0; i < item.keys.size(); ++i) {
            const std::string& key = item.keys[i];
            if (key.find_first_not_of("0123456789abcdefABCDEF") == key.npos) continue;
            diagnostics_.add(document_.diagnostic(
                list->items[i].at, child_path("/gate/keys", i),
                fmt::format(
                    "found {}, allowed: 64 hexadecimal digits, as gantry keygen prints them",
                    quoted(key))));
        }
        if (item.require_signature && item.keys.empty()) {
            fail(node, "require_signature", "/gate/require_signature",
                 "signatures are required, but no key is listed under /gate/keys");
        }
    }

    void admin(const Node& node) {
        const Admin& item = manifest_.admin;
        if (!is_loopback(item.address)) {
            fail(node, "address", "/admin/address",
                 fmt::format("found {}, allowed: a loopback address such as 127.0.0.1 or ::1, for "
                             "this listener does not encrypt",
                             quoted(item.address)));
        }
        // The token itself stays out of messages and logs.
        const bool plain = std::all_of(item.token.begin(), item.token.end(),
                                       [](char c) { return c > ' ' && c < 0x7f; });
        if (!item.token.empty() && (item.token.size() < token_bytes_min || !plain)) {
            fail(node, "token", "/admin/token",
                 fmt::format("found {} bytes, allowed: none, or at least {} visible ASCII "
                             "characters",
                             item.token.size(), token_bytes_min));
        }
        if (item.port != 0) {
            const auto taken = ports_.find(fmt::format("{} port {}", item.address, item.port));
            if (taken != ports_.end()) {
                fail(node, "port", "/admin/port",
                     fmt::format("{} is taken by {} already", taken->first, taken->second));
            }
        }
        web_roots(node);
    }

    void web_roots(const Node& admin_node) {
        const Node* const list = admin_node.find("web_roots");
        std::map<std::string, std::string> seen;
        for (std::size_t i = 0; i < manifest_.admin.web_roots.size(); ++i) {
            const WebRoot& root = manifest_.admin.web_roots[i];
            const std::string path = child_path(child_path("/admin/web_roots", i), "prefix");
            if (!root.prefix.starts_with('/') || !root.prefix.ends_with('/')) {
                fail(list->items[i], "prefix", path,
                     fmt::format("found {}, allowed: a path that begins and ends with /",
                                 quoted(root.prefix)));
            } else if (root.prefix.starts_with("/api/")) {
                fail(list->items[i], "prefix", path, "/api/ is the host's own");
            }
            if (const auto [known, fresh] = seen.emplace(root.prefix, path); !fresh) {
                fail(list->items[i], "prefix", path,
                     fmt::format("{} is taken by {} already", quoted(root.prefix), known->second));
            }
        }
    }

    const Manifest& manifest_;
    const Document& document_;
    Diagnostics& diagnostics_;
    Names worlds_;
    Names plugins_;
    std::map<std::string, std::string> ports_;  ///< "address port N" to the path that took it
};

}  // namespace

void check_manifest(const Manifest& manifest, const Document& document, Diagnostics& diagnostics) {
    Checks{manifest, document, diagnostics}.all();
}

}  // namespace gantry::manifest
