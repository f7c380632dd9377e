#include "tests/unit/abi/abi_table.h"

#include <cxxabi.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <typeinfo>

#include "gantry/connection.h"
#include "gantry/connection_components.h"
#include "gantry/ecs.h"
#include "gantry/groups.h"
#include "gantry/io.h"
#include "gantry/listeners.h"
#include "gantry/net.h"
#include "gantry/plugin.h"
#include "gantry/protected.h"
#include "gantry/runtime.h"
#include "gantry/schedule.h"
#include "gantry/service.h"
#include "gantry/session_events.h"
#include "gantry/task_restart.h"
#include "gantry/test_interface.h"
#include "gantry/transport.h"
#include "gantry/transport_handover.h"
#include "gantry/transports.h"

namespace gantry::test {
namespace {

constexpr std::string_view header =
    "# The binary interface between host and plugins, ABI major 1: measured, not written.\n"
    "# A released interface is frozen; what is more is a new one, such as \"gantry.net/2\". Only "
    "for\n"
    "# what is new: build/dev/tests/abi_table > sdk/abi/gantry-1.txt\n";

/// The type as it stands in the source, without our namespace.
template <class T>
std::string type_name() {
    int status = 0;
    const std::unique_ptr<char, decltype(&std::free)> text{
        abi::__cxa_demangle(typeid(T).name(), nullptr, nullptr, &status), &std::free};
    std::string name = status == 0 ? text.get() : typeid(T).name();
    for (std::size_t at; (at = name.find("gantry::")) != name.npos;) name.erase(at, 8);
    return name;
}

/// The index in the table of virtual functions. abidiff does not see when functions of a pure
/// interface change places; a member pointer holds the place (Itanium C++ ABI, 2.3).
template <class Function>
std::uint64_t slot_of(Function function) {
    std::uint64_t words[2];
    static_assert(sizeof words == sizeof function);
    std::memcpy(words, &function, sizeof words);
    return words[0] / sizeof(void*);  // the lowest bit may say that it is virtual
}

class Measure {
public:
    void interface_of(std::string_view name) { add(name, "interface"); }
    template <class Function>
    void slot(std::string_view owner, std::string_view name, Function function) {
        add(fmt::format("{}::{}", owner, name),
            fmt::format("slot {}: {}", slot_of(function), type_name<Function>()));
    }
    template <class T>
    void structure(std::string_view name) {
        add(name, fmt::format("{} bytes, aligned to {}", sizeof(T), alignof(T)));
    }
    template <class T>
    void field(std::string_view owner, std::string_view name, std::size_t offset) {
        add(fmt::format("{}::{}", owner, name),
            fmt::format("at {}, {} bytes: {}", offset, sizeof(T), type_name<T>()));
    }
    template <class T>
    void enumeration(std::string_view name) {
        add(name, fmt::format("enumeration of {} bytes", sizeof(T)));
    }
    void number(std::string_view name, std::uint64_t value) {
        add(name, fmt::format("= {}", value));
    }
    void text(std::string_view name, std::string_view value) {
        add(name, fmt::format("\"{}\"", value));
    }
    AbiTable take() { return std::move(table_); }

private:
    void add(std::string_view name, std::string fact) {
        table_.push_back({std::string{name}, std::move(fact)});
    }
    AbiTable table_;
};

const AbiEntry* find(const AbiTable& table, std::string_view name) {
    const auto found = std::find_if(table.begin(), table.end(),
                                    [&](const AbiEntry& entry) { return entry.name == name; });
    return found == table.end() ? nullptr : &*found;
}

std::string_view owner_of(std::string_view name) {
    const auto colons = name.rfind("::");
    return colons == name.npos ? name : name.substr(0, colons);
}

/// "gantry.net/2" for what belongs to "gantry.net/1".
std::string next_id(const AbiTable& released, std::string_view name) {
    const AbiEntry* const id = find(released, fmt::format("{}::interface_id", owner_of(name)));
    if (id == nullptr) return "an interface with an id of its own";
    const auto slash = id->fact.find('/');
    return fmt::format("{}{}\"", id->fact.substr(0, slash + 1),
                       std::stoul(id->fact.substr(slash + 1)) + 1);
}

}  // namespace

AbiTable measure_abi() {
    Measure measure;
#define INTERFACE(name) measure.interface_of(#name);
#define SLOT(owner, name) measure.slot(#owner, #name, &owner::name);
#define STRUCT(name) measure.structure<name>(#name);
#define FIELD(owner, name) \
    measure.field<decltype(owner::name)>(#owner, #name, offsetof(owner, name));
#define ENUM(name) measure.enumeration<name>(#name);
#define ENUMERATOR(owner, name) \
    measure.number(#owner "::" #name, static_cast<std::uint64_t>(owner::name));
#define CONSTANT(name) measure.number(#name, static_cast<std::uint64_t>(name));
#define TEXT(name) measure.text(#name, name);
#include "abi_entries.inc"
    return measure.take();
}

std::string write_abi(const AbiTable& table) {
    std::string out{header};
    for (const AbiEntry& entry : table) {
        const bool member = entry.name.find("::") != entry.name.npos;
        out += fmt::format("{}{}  {}\n", member ? "" : "\n", entry.name, entry.fact);
    }
    return out;
}

AbiTable read_abi(std::string_view text) {
    AbiTable table;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto blanks = line.find("  ");
        if (line.starts_with('#') || blanks == line.npos) continue;
        table.push_back(
            {std::string{line.substr(0, blanks)}, std::string{line.substr(blanks + 2)}});
    }
    return table;
}

std::vector<std::string> compare_abi(const AbiTable& released, const AbiTable& present) {
    std::vector<std::string> sentences;
    for (const AbiEntry& was : released) {
        const AbiEntry* const is = find(present, was.name);
        if (is != nullptr && *is == was) continue;
        sentences.push_back(fmt::format(
            "{} was \"{}\" and {}; a released interface is frozen: leave it as it was, and make {}",
            was.name, was.fact, is == nullptr ? "is gone" : fmt::format("is \"{}\"", is->fact),
            next_id(released, was.name)));
    }
    for (const AbiEntry& is : present) {
        if (find(released, is.name) != nullptr) continue;
        const bool grows = is.fact.starts_with("slot ") || is.fact.starts_with("at ");
        if (grows && find(released, owner_of(is.name)) != nullptr) {
            sentences.push_back(
                fmt::format("{} is new in what is released and frozen: make {} for it", is.name,
                            next_id(released, is.name)));
        } else {
            sentences.push_back(
                fmt::format("{} is new: raise GANTRY_ABI_MINOR, and add it to the table with "
                            "build/dev/tests/abi_table > sdk/abi/gantry-1.txt",
                            is.name));
        }
    }
    return sentences;
}

}  // namespace gantry::test
