#include "host/manifest/schema.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <vector>

#include "host/manifest/parser.h"

namespace gantry::manifest {
namespace {

using Kind = Node::Kind;

double number_of(const Node& node) { return std::strtod(node.text.c_str(), nullptr); }

bool is_whole(const Node& node) {
    std::int64_t value = 0;
    const char* const end = node.text.data() + node.text.size();
    const auto [stop, error] = std::from_chars(node.text.data(), end, value);
    return error == std::errc{} && stop == end;
}

std::string_view text_of(const Node* node) {
    return node && node->is(Kind::string) ? std::string_view{node->text} : std::string_view{};
}

std::string range_of(const Node& schema) {
    const Node* const low = schema.find("minimum");
    const Node* const high = schema.find("maximum");
    if (low && high) return fmt::format(" from {} to {}", low->text, high->text);
    if (low) return fmt::format(" of at least {}", low->text);
    if (high) return fmt::format(" of at most {}", high->text);
    return {};
}

std::string allowed_of(const Node& schema) {
    if (const Node* const values = schema.find("enum")) {
        std::string out;
        for (const Node& value : values->items) out += (out.empty() ? "" : ", ") + to_text(value);
        return out;
    }
    const std::string_view type = text_of(schema.find("type"));
    if (type == "integer") return "a whole number" + range_of(schema);
    if (type == "number") return "a number" + range_of(schema);
    if (type == "string") return "a text";
    if (type == "boolean") return "true or false";
    if (type == "array") return "an array";
    if (type == "object") return "an object";
    return "null";
}

bool has_type(const Node& value, std::string_view type) {
    if (type.empty()) return true;
    if (type == "integer") return value.is(Kind::number) && is_whole(value);
    if (type == "number") return value.is(Kind::number);
    if (type == "string") return value.is(Kind::string);
    if (type == "boolean") return value.is(Kind::boolean);
    if (type == "array") return value.is(Kind::array);
    if (type == "object") return value.is(Kind::object);
    return value.is(Kind::null);
}

/// A whole text from the environment becomes the number or boolean that the schema wants here.
void coerce(Node& value, std::string_view type) {
    if (!value.is(Kind::string) || !value.from_environment) return;
    if ((type == "integer" || type == "number") && is_number(value.text)) {
        value.kind = Kind::number;
    } else if (type == "boolean" && (value.text == "true" || value.text == "false")) {
        value.kind = Kind::boolean;
        value.boolean = value.text == "true";
    }
}

class Checker {
public:
    Checker(const Document& document, Diagnostics& diagnostics)
        : document_{document}, diagnostics_{diagnostics} {}

    void check(Node& value, const Node& schema, const std::string& path) {
        const std::string_view type = text_of(schema.find("type"));
        if (value.wrong) return;
        coerce(value, type);
        if (!has_type(value, type)) return wrong(value, schema, path, "");
        if (schema.find("enum") != nullptr && !check_enum(value, schema, path)) return;
        switch (value.kind) {
            case Kind::number:
                return check_range(value, schema, path);
            case Kind::string:
                return check_length(value, schema, path);
            case Kind::array:
                return check_items(value, schema, path);
            case Kind::object:
                return check_object(value, schema, path);
            default:
                return;
        }
    }

private:
    void fail(Position at, const std::string& path, std::string message) {
        diagnostics_.add(document_.diagnostic(at, path, std::move(message)));
    }

    void wrong(const Node& value, const Node& schema, const std::string& path,
               const std::string& hint) {
        fail(value.at, path,
             fmt::format("found {}, allowed: {}{}", describe(value), allowed_of(schema), hint));
    }

    bool check_enum(const Node& value, const Node& schema, const std::string& path) {
        std::vector<std::string> words;
        for (const Node& allowed : schema.find("enum")->items) {
            if (allowed.kind == value.kind && to_text(allowed) == to_text(value)) return true;
            if (allowed.is(Kind::string)) words.push_back(allowed.text);
        }
        wrong(value, schema, path, value.is(Kind::string) ? did_you_mean(value.text, words) : "");
        return false;
    }

    void check_range(const Node& value, const Node& schema, const std::string& path) {
        const Node* const low = schema.find("minimum");
        const Node* const high = schema.find("maximum");
        const double number = number_of(value);
        // Written so that a number too large for a double, which reads as infinite, is refused too.
        const bool above = low == nullptr || number >= number_of(*low);
        const bool below = high == nullptr || number <= number_of(*high);
        if (!above || !below) wrong(value, schema, path, "");
    }

    void check_length(const Node& value, const Node& schema, const std::string& path) {
        const Node* const low = schema.find("minLength");
        const Node* const high = schema.find("maxLength");
        const auto bytes = static_cast<double>(value.text.size());
        if (low && bytes < number_of(*low)) {
            return fail(value.at, path,
                        value.text.empty() ? "found an empty text"
                                           : fmt::format("found {}, allowed: at least {} bytes",
                                                         describe(value), low->text));
        }
        if (high && bytes > number_of(*high)) {
            fail(value.at, path,
                 fmt::format("found a text of {} bytes, allowed: at most {}", value.text.size(),
                             high->text));
        }
    }

    void check_items(Node& value, const Node& schema, const std::string& path) {
        const Node* const most = schema.find("maxItems");
        if (most && static_cast<double>(value.items.size()) > number_of(*most)) {
            return fail(
                value.at, path,
                fmt::format("found {} items, allowed: at most {}", value.items.size(), most->text));
        }
        const Node* const item_schema = schema.find("items");
        if (item_schema == nullptr) return;
        for (std::size_t i = 0; i < value.items.size(); ++i) {
            check(value.items[i], *item_schema, child_path(path, i));
        }
    }

    void check_object(Node& value, const Node& schema, const std::string& path) {
        const Node* const properties = schema.find("properties");
        const Node* const others = schema.find("additionalProperties");
        for (Member& member : value.members) {
            const std::string member_path = child_path(path, member.key);
            const Node* const known = properties ? properties->find(member.key) : nullptr;
            if (known) {
                check(member.value, *known, member_path);
            } else if (others && others->is(Kind::object)) {
                check(member.value, *others, member_path);
            } else if (others && others->is(Kind::boolean) && !others->boolean) {
                fail(member.key_at, member_path, unknown_key(member.key, value, properties));
            }
        }
        if (const Node* const required = schema.find("required")) {
            for (const Node& key : required->items) {
                if (value.find(key.text)) continue;
                fail(value.at, path, fmt::format("{} is missing", quoted(key.text)));
            }
        }
        if (properties) fill_defaults(value, *properties, path);
    }

    /// Keys that the object has already are no help to somebody who mistyped another.
    static std::string unknown_key(const std::string& key, const Node& value,
                                   const Node* properties) {
        std::vector<std::string> absent;
        std::string list;
        if (properties) {
            for (const Member& property : properties->members) {
                list += (list.empty() ? "" : ", ") + quoted(property.key);
                if (!value.find(property.key)) absent.push_back(property.key);
            }
        }
        std::string hint = did_you_mean(key, absent);
        if (hint.empty()) hint = list.empty() ? ", allowed: none" : ", allowed: " + list;
        return fmt::format("unknown key {}{}", quoted(key), hint);
    }

    void fill_defaults(Node& value, const Node& properties, const std::string& path) {
        for (const Member& property : properties.members) {
            const Node* const preset = property.value.find("default");
            if (preset == nullptr || value.find(property.key)) continue;
            Node filled = *preset;
            filled.at = value.at;  // the nearest place that the reader of an error can look at
            check(filled, property.value, child_path(path, property.key));
            value.members.push_back({property.key, value.at, std::move(filled)});
        }
    }

    const Document& document_;
    Diagnostics& diagnostics_;
};

}  // namespace

void check_schema(Node& value, const Node& schema, const std::string& path,
                  const Document& document, Diagnostics& diagnostics) {
    Checker{document, diagnostics}.check(value, schema, path);
}

}  // namespace gantry::manifest
