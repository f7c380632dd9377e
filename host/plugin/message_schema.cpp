#include "host/plugin/message_schema.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace gantry::plugin {
namespace {

/// Takes the text up to the next blank.
std::string_view take_word(std::string_view& line) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::optional<std::uint32_t> take_number(std::string_view& line) {
    const std::string_view word = take_word(line);
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
    if (error != std::errc{} || end != word.data() + word.size()) return std::nullopt;
    return number;
}

void read_line(std::string_view line, std::vector<MessageSchema>& out) {
    const std::string_view kind = take_word(line);
    const auto number = take_number(line);
    const std::string_view name = take_word(line);
    if (!number || name.empty()) return;
    if (kind == "message") {
        out.push_back({*number, std::string{name}, {}});
    } else if (kind == "field" && !out.empty()) {
        out.back().fields.push_back({*number, std::string{name}, std::string{line}});
    }
}

}  // namespace

const MessageField* MessageSchema::field(std::uint32_t number) const noexcept {
    const auto found = std::find_if(fields.begin(), fields.end(),
                                    [&](const MessageField& one) { return one.number == number; });
    return found == fields.end() ? nullptr : &*found;
}

const MessageField* MessageSchema::field(std::string_view field_name) const noexcept {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const MessageField& one) {
        return one.name == field_name;
    });
    return found == fields.end() ? nullptr : &*found;
}

std::vector<MessageSchema> read_messages(std::string_view section) {
    std::vector<MessageSchema> out;
    while (!section.empty()) {
        // Each object file ends its text with a zero, and the linker may fill up with more.
        const std::string_view ends{"\n\0", 2};
        const std::size_t end = std::min(section.find_first_of(ends), section.size());
        read_line(section.substr(0, end), out);
        section.remove_prefix(std::min(end + 1, section.size()));
    }
    return out;
}

}  // namespace gantry::plugin
