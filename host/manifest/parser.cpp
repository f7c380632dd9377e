#include "host/manifest/parser.h"

#include <fmt/format.h>

#include <unordered_map>
#include <utility>

#include "host/manifest/utf8.h"

namespace gantry::manifest {
namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

bool is_word(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '$' || c == '-' || c == '+' || c == '.';
}

/// Recursion is bounded by depth_max. Every method returns false after it set the one error.
class Parser {
public:
    Parser(std::string_view text, std::uint32_t file) : text_{text}, file_{file} {}

    bool document(Node& out) {
        if (text_.starts_with("\xef\xbb\xbf")) next_ = line_start_ = 3;  // a byte order mark
        if (!skip_blank() || !value(out, "the document", 1) || !skip_blank()) return false;
        return at_end() || fail(fmt::format("found {} after the end of the document", found()));
    }

    Position error_at() const { return error_at_; }
    std::string take_error() { return std::move(error_); }

private:
    bool at_end() const { return next_ >= text_.size(); }
    char peek() const { return at_end() ? '\0' : text_[next_]; }
    Position here() const {
        return {file_, line_, static_cast<std::uint32_t>(next_ - line_start_ + 1)};
    }
    bool fail_at(Position at, std::string message) {
        error_at_ = at;
        error_ = std::move(message);
        return false;
    }
    bool fail(std::string message) { return fail_at(here(), std::move(message)); }

    void new_line() {
        ++line_;
        line_start_ = next_;
    }

    /// What stands at the cursor, for messages.
    std::string found() const {
        if (at_end()) return "the end of the file";
        std::size_t end = next_;
        while (end < text_.size() && end - next_ < 20 && is_word(text_[end])) ++end;
        if (end == next_) {
            const auto byte = static_cast<unsigned char>(text_[next_]);
            if (byte < 0x20 || byte >= 0x7f) return fmt::format("byte 0x{:02x}", byte);
            end = next_ + 1;
        }
        return fmt::format("'{}'", text_.substr(next_, end - next_));
    }

    bool skip_blank() {
        while (!at_end()) {
            const char c = text_[next_];
            if (c == '\n') {
                ++next_;
                new_line();
            } else if (c == ' ' || c == '\t' || c == '\r') {
                ++next_;
            } else if (c == '/') {
                if (!comment()) return false;
            } else {
                return true;
            }
        }
        return true;
    }

    bool comment() {
        const Position start = here();
        const std::string_view rest = text_.substr(next_);
        if (rest.starts_with("//")) {
            while (!at_end() && text_[next_] != '\n') ++next_;
            return true;
        }
        if (!rest.starts_with("/*")) return fail("found '/', which begins neither // nor /*");
        next_ += 2;
        while (!at_end()) {
            if (text_.substr(next_).starts_with("*/")) {
                next_ += 2;
                return true;
            }
            if (text_[next_++] == '\n') new_line();
        }
        return fail_at(start, "this comment has no end: */ is missing");
    }

    bool value(Node& out, std::string_view what, std::uint32_t depth) {
        out.at = here();
        const char c = peek();
        if (c == '{' || c == '[') {
            if (depth > depth_max)
                return fail(fmt::format("nested deeper than {} levels", depth_max));
            return c == '{' ? object(out, depth) : array(out, depth);
        }
        if (c == '"') {
            out.kind = Node::Kind::string;
            return string(out.text);
        }
        if (c == '-' || is_digit(c)) return number(out);
        for (const std::string_view word : {"true", "false", "null"}) {
            const std::size_t end = next_ + word.size();
            if (!text_.substr(next_).starts_with(word)) continue;
            if (end < text_.size() && is_word(text_[end])) continue;
            next_ = end;
            out.kind = word == "null" ? Node::Kind::null : Node::Kind::boolean;
            out.boolean = word == "true";
            return true;
        }
        return fail(fmt::format("found {} where {} should stand{}", found(), what,
                                is_word(c) ? "; a text needs double quotes" : ""));
    }

    bool array(Node& out, std::uint32_t depth) {
        out.kind = Node::Kind::array;
        ++next_;
        if (!skip_blank()) return false;
        while (peek() != ']') {
            if (!value(out.items.emplace_back(), "a value or ']'", depth + 1)) return false;
            if (!separator(']', out.at, "array")) return false;
        }
        ++next_;
        return true;
    }

    bool object(Node& out, std::uint32_t depth) {
        out.kind = Node::Kind::object;
        std::unordered_map<std::string, Position> seen;
        ++next_;
        if (!skip_blank()) return false;
        while (peek() != '}') {
            Member member;
            member.key_at = here();
            if (peek() != '"') {
                return fail(fmt::format(
                    "found {} where a key in double quotes or '}}' should stand", found()));
            }
            if (!string(member.key)) return false;
            const auto [first, fresh] = seen.emplace(member.key, member.key_at);
            if (!fresh) {
                return fail_at(
                    member.key_at,
                    fmt::format("the key {} stands twice in this object, first in "
                                "line {}, column {}",
                                quoted(member.key), first->second.line, first->second.column));
            }
            if (!skip_blank()) return false;
            if (peek() != ':') {
                return fail(fmt::format("found {} where ':' should follow the key {}", found(),
                                        quoted(member.key)));
            }
            ++next_;
            const std::string what = "the value of " + quoted(member.key);
            if (!skip_blank() || !value(member.value, what, depth + 1)) return false;
            out.members.push_back(std::move(member));
            if (!separator('}', out.at, "object")) return false;
        }
        ++next_;
        return true;
    }

    /// After a value: a comma, which may be the last thing before `end`, or nothing before `end`.
    bool separator(char end, Position opened, std::string_view what) {
        if (!skip_blank()) return false;
        if (peek() == ',') {
            ++next_;
            return skip_blank();
        }
        if (!at_end() && peek() == end) return true;
        if (at_end()) {
            return fail(fmt::format("the file ends inside the {} that began in line {}, column {}",
                                    what, opened.line, opened.column));
        }
        return fail(fmt::format("found {} where ',' or '{}' should stand", found(), end));
    }

    bool number(Node& out) {
        const std::size_t start = next_;
        const Position at = here();
        while (!at_end() && is_word(text_[next_])) ++next_;
        const std::string_view digits = text_.substr(start, next_ - start);
        if (!is_number(digits)) {
            return fail_at(at, fmt::format("'{}' is no number of JSON", digits.substr(0, 40)));
        }
        out.kind = Node::Kind::number;
        out.text = digits;
        return true;
    }

    bool string(std::string& out) {
        const Position start = here();
        ++next_;
        while (true) {
            if (at_end() || text_[next_] == '\n') {
                return fail_at(start, "this text has no closing quote in its line");
            }
            const char c = text_[next_];
            if (c == '"') break;
            if (c == '\\') {
                if (!escape(out)) return false;
                continue;
            }
            if (static_cast<unsigned char>(c) < 0x20) {
                return fail(fmt::format("{} inside a text; write it as \\u{:04x}", found(),
                                        static_cast<unsigned>(c)));
            }
            const std::size_t length = utf8_length(text_.substr(next_));
            if (length == 0) return fail(fmt::format("{} is not UTF-8", found()));
            out.append(text_, next_, length);
            next_ += length;
        }
        ++next_;
        return true;
    }

    bool escape(std::string& out) {
        const Position at = here();
        ++next_;
        const char c = peek();
        if (c == 'u') return unicode_escape(at, out);
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view bytes = "\"\\/\b\f\n\r\t";
        const std::size_t index = at_end() ? std::string_view::npos : names.find(c);
        if (index == std::string_view::npos) {
            return fail_at(at,
                           "unknown escape; allowed: \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
        }
        out += bytes[index];
        ++next_;
        return true;
    }

    bool unicode_escape(Position at, std::string& out) {
        std::uint32_t code = 0;
        if (!hex4(code)) return fail_at(at, "\\u needs four hexadecimal digits");
        if (code >= 0xd800 && code < 0xdc00 && text_.substr(next_).starts_with("\\u")) {
            std::uint32_t low = 0;
            ++next_;
            if (!hex4(low)) return fail_at(at, "\\u needs four hexadecimal digits");
            if (low < 0xdc00 || low > 0xdfff) return fail_at(at, "half of a surrogate pair");
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
        }
        if (code >= 0xd800 && code <= 0xdfff) return fail_at(at, "half of a surrogate pair");
        // A zero byte would end a path or a name early, somewhere behind the checks.
        if (code == 0) return fail_at(at, "\\u0000 is not allowed");
        append_utf8(out, code);
        return true;
    }

    /// The cursor stands on the 'u'.
    bool hex4(std::uint32_t& code) {
        ++next_;
        for (int i = 0; i < 4; ++i, ++next_) {
            const char c = peek();
            std::uint32_t digit = 0;
            if (is_digit(c)) {
                digit = static_cast<std::uint32_t>(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                digit = static_cast<std::uint32_t>(c - 'a' + 10);
            } else if (c >= 'A' && c <= 'F') {
                digit = static_cast<std::uint32_t>(c - 'A' + 10);
            } else {
                return false;
            }
            code = code << 4 | digit;
        }
        return true;
    }

    std::string_view text_;
    std::uint32_t file_;
    std::size_t next_ = 0;
    std::size_t line_start_ = 0;
    std::uint32_t line_ = 1;
    Position error_at_;
    std::string error_;
};

}  // namespace

bool is_number(std::string_view text) noexcept {
    std::size_t i = 0;
    const auto digits = [&] {
        const std::size_t start = i;
        while (i < text.size() && is_digit(text[i])) ++i;
        return i - start;
    };
    if (i < text.size() && text[i] == '-') ++i;
    const std::size_t whole_start = i;
    const std::size_t whole = digits();
    if (whole == 0 || (whole > 1 && text[whole_start] == '0')) return false;
    if (i < text.size() && text[i] == '.') {
        ++i;
        if (digits() == 0) return false;
    }
    if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
        ++i;
        if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
        if (digits() == 0) return false;
    }
    return i == text.size();
}

std::optional<Node> parse(std::string_view text, std::uint32_t file, const std::string& file_name,
                          Diagnostics& diagnostics) {
    Parser parser{text, file};
    Node node;
    if (parser.document(node)) return node;
    const Position at = parser.error_at();
    diagnostics.add({file_name, at.line, at.column, {}, parser.take_error()});
    return std::nullopt;
}

}  // namespace gantry::manifest
