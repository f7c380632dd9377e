#include "host/platform/debug_types.h"

#include <fmt/format.h>

#include <dwarf.h>
#include <elfutils/libdw.h>
#include <fcntl.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "host/platform/demangle.h"
#include "host/platform/descriptor.h"

namespace gantry::platform {
namespace {

constexpr int depth_max = 32;  // of what is nested in one another
constexpr std::string_view anonymous = "(anonymous namespace)";
constexpr std::size_t types_max = 4'096;  // that one interface may mention

template <class F>
void each_child(Dwarf_Die parent, F&& f) {
    Dwarf_Die child;
    if (dwarf_child(&parent, &child) != 0) return;
    do f(child);
    while (dwarf_siblingof(&child, &child) == 0);
}

bool flag(Dwarf_Die die, unsigned name) {
    Dwarf_Attribute attribute;
    bool set = false;
    return dwarf_attr_integrate(&die, name, &attribute) != nullptr &&
           dwarf_formflag(&attribute, &set) == 0 && set;
}

std::optional<std::uint64_t> number(Dwarf_Die die, unsigned name) {
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(&die, name, &attribute) == nullptr) return std::nullopt;
    Dwarf_Word value = 0;
    if (dwarf_formudata(&attribute, &value) == 0) return value;
    return std::nullopt;
}

/// DW_AT_vtable_elem_location is a piece of a program that says one number.
std::optional<std::uint64_t> slot_of(Dwarf_Die die) {
    Dwarf_Attribute attribute;
    if (dwarf_attr_integrate(&die, DW_AT_vtable_elem_location, &attribute) == nullptr) {
        return std::nullopt;
    }
    Dwarf_Op* program = nullptr;
    std::size_t count = 0;
    if (dwarf_getlocation(&attribute, &program, &count) != 0 || count == 0) return std::nullopt;
    if (program[0].atom == DW_OP_constu) return program[0].number;
    if (program[0].atom >= DW_OP_lit0 && program[0].atom <= DW_OP_lit31) {
        return program[0].atom - DW_OP_lit0;
    }
    return std::nullopt;
}

std::optional<Dwarf_Die> type_of(Dwarf_Die die) {
    Dwarf_Attribute attribute;
    Dwarf_Die type;
    if (dwarf_attr_integrate(&die, DW_AT_type, &attribute) == nullptr) return std::nullopt;
    if (dwarf_formref_die(&attribute, &type) == nullptr) return std::nullopt;
    return type;
}

/// Where the list of parameters begins in "game::(anonymous namespace)::Score::add(int)".
std::size_t parameters_at(const std::string& text) {
    auto at = text.find('(');
    while (at != text.npos && text.compare(at, anonymous.size(), anonymous) == 0) {
        at = text.find('(', at + 1);
    }
    return at;
}

bool is_type(int tag) {
    return tag == DW_TAG_structure_type || tag == DW_TAG_class_type || tag == DW_TAG_union_type ||
           tag == DW_TAG_enumeration_type;
}

/// The names that compilers give to the same number differ; its kind and size do not.
std::string number_name(Dwarf_Die die, const char* name) {
    const std::uint64_t encoding = number(die, DW_AT_encoding).value_or(0);
    const int bytes = dwarf_bytesize(&die);
    const bool is_signed = encoding == DW_ATE_signed;
    if (is_signed || encoding == DW_ATE_unsigned) {
        const char* const sign = is_signed ? "" : "unsigned ";
        if (bytes == 2) return fmt::format("{}short", sign);
        if (bytes == 4) return fmt::format("{}int", sign);
        if (bytes == 8) return fmt::format("{}long", sign);
    }
    return name != nullptr ? name : "?";
}

class Reader {
public:
    explicit Reader(Dwarf* dwarf) {
        Dwarf_CU* unit = nullptr;
        Dwarf_Half version = 0;
        std::uint8_t kind = 0;
        Dwarf_Die die;
        while (dwarf_get_units(dwarf, unit, &unit, &version, &kind, &die, nullptr) == 0) {
            any_ = true;
            index(die, "", "", 0);
        }
    }
    bool any() const noexcept { return any_; }

    DebugTypes read(std::span<const std::string> names) {
        for (const std::string& name : names) want(plain(name));
        DebugTypes types;
        while (!wanted_.empty() && types.size() < types_max) {
            const std::string name = std::move(wanted_.front());
            wanted_.pop_front();
            const auto found = definitions_.find(name);
            if (found != definitions_.end()) types.emplace(name, describe(name, found->second));
        }
        for (const std::string& name : names) {
            const auto found = types.find(plain(name));
            if (found != types.end()) types.emplace(name, DebugType{found->second});
        }
        return types;
    }

private:
    /// `spelled` has the inline namespaces, which one compiler says and another does not.
    void index(Dwarf_Die parent, const std::string& scope, const std::string& spelled, int depth) {
        if (depth > depth_max) return;
        each_child(parent, [&](Dwarf_Die child) {
            const int tag = dwarf_tag(&child);
            const char* const name = dwarf_diename(&child);
            if (tag == DW_TAG_namespace) {
                const std::string own =
                    std::string{name != nullptr ? std::string_view{name} : anonymous} + "::";
                const bool passed_over = name != nullptr && flag(child, DW_AT_export_symbols);
                return index(child, passed_over ? scope : scope + own, spelled + own, depth + 1);
            }
            if (!is_type(tag) || name == nullptr) return;
            const std::string full = scope + name;
            names_.emplace(dwarf_dieoffset(&child), full);
            if (spelled != scope) spelled_.emplace(spelled + name, full);
            if (!flag(child, DW_AT_declaration)) definitions_.emplace(full, child);
            if (tag != DW_TAG_enumeration_type) {
                index(child, full + "::", spelled + name + "::", depth + 1);
            }
        });
    }

    /// A name as a compiler tells it, as it is filed here.
    std::string plain(std::string name) const {
        constexpr std::string_view of_gcc = "{anonymous}";
        for (auto at = name.find(of_gcc); at != name.npos; at = name.find(of_gcc)) {
            name.replace(at, of_gcc.size(), anonymous);
        }
        const auto found = spelled_.find(name);
        return found != spelled_.end() ? found->second : name;
    }

    void want(const std::string& name) {
        mentions_.push_back(name);
        if (asked_.insert(name).second) wanted_.push_back(name);
    }

    std::string name_of(Dwarf_Die die) {
        const auto found = names_.find(dwarf_dieoffset(&die));
        if (found != names_.end()) {
            want(found->second);
            return found->second;
        }
        const char* const name = dwarf_diename(&die);
        return name != nullptr ? name : "(unnamed)";
    }

    std::string text_of(std::optional<Dwarf_Die> type, int depth = 0) {
        if (!type) return "void";
        if (depth > depth_max) return "?";
        const auto inner = [&] { return text_of(type_of(*type), depth + 1); };
        switch (dwarf_tag(&*type)) {
            case DW_TAG_base_type:
                return number_name(*type, dwarf_diename(&*type));
            case DW_TAG_typedef:
            case DW_TAG_volatile_type:
            case DW_TAG_restrict_type:
                return inner();
            case DW_TAG_const_type:
                return "const " + inner();
            case DW_TAG_pointer_type:
                return inner() + "*";
            case DW_TAG_reference_type:
                return inner() + "&";
            case DW_TAG_rvalue_reference_type:
                return inner() + "&&";
            case DW_TAG_array_type:
                return inner() + lengths_of(*type);
            case DW_TAG_subroutine_type:
                return inner() + " " + parameters_of(*type, depth + 1);
            case DW_TAG_ptr_to_member_type:
                return inner() + " of a member";
            default:
                return name_of(*type);
        }
    }

    static std::string lengths_of(Dwarf_Die array) {
        std::string text;
        each_child(array, [&](Dwarf_Die child) {
            if (dwarf_tag(&child) != DW_TAG_subrange_type) return;
            auto count = number(child, DW_AT_count);
            if (const auto last = number(child, DW_AT_upper_bound); last && !count) {
                count = *last + 1;
            }
            text += count ? fmt::format("[{}]", *count) : "[]";
        });
        return text;
    }

    std::string parameters_of(Dwarf_Die function, int depth = 0) {
        std::string text;
        each_child(function, [&](Dwarf_Die child) {
            if (dwarf_tag(&child) != DW_TAG_formal_parameter) return;
            if (flag(child, DW_AT_artificial)) return;
            if (!text.empty()) text += ", ";
            text += text_of(type_of(child), depth + 1);
        });
        return "(" + text + ")";
    }

    /// The symbol says more than the parts: const, and the names of all compilers alike.
    std::string signature_of(Dwarf_Die function) {
        const std::string result = text_of(type_of(function));
        const std::string parameters = parameters_of(function);  // wants their types, too
        const char* const name = dwarf_diename(&function);
        std::string text = (name != nullptr ? name : "?") + parameters;
        Dwarf_Attribute attribute;
        if (dwarf_attr_integrate(&function, DW_AT_linkage_name, &attribute) != nullptr) {
            if (const char* const symbol = dwarf_formstring(&attribute)) {
                text = demangled(symbol);
                if (text == symbol) return text;
                const auto scope = text.rfind("::", parameters_at(text));
                if (scope != text.npos) text.erase(0, scope + 2);
            }
        }
        return text.starts_with('~') ? text : result + " " + text;
    }

    DebugType describe(const std::string& name, Dwarf_Die die) {
        DebugType type;
        type.is_enum = dwarf_tag(&die) == DW_TAG_enumeration_type;
        type.bytes = number(die, DW_AT_byte_size).value_or(0);
        if (name.starts_with("std::")) return type;
        mentions_.clear();
        each_child(die, [&](Dwarf_Die child) {
            const char* const called = dwarf_diename(&child);
            switch (dwarf_tag(&child)) {
                case DW_TAG_enumerator:
                    type.fields.push_back(
                        {number(child, DW_AT_const_value).value_or(0), called ? called : "?", ""});
                    break;
                case DW_TAG_inheritance:
                    type.fields.push_back({number(child, DW_AT_data_member_location).value_or(0),
                                           "base", text_of(type_of(child))});
                    break;
                case DW_TAG_member:
                    if (flag(child, DW_AT_artificial) || flag(child, DW_AT_external)) break;
                    type.fields.push_back(field_of(child, called ? called : ""));
                    break;
                case DW_TAG_subprogram:
                    if (const auto slot = slot_of(child)) {
                        type.slots.push_back({*slot, signature_of(child)});
                    }
                    break;
                default:
                    break;
            }
        });
        std::stable_sort(type.slots.begin(), type.slots.end(),
                         [](const auto& a, const auto& b) { return a.index < b.index; });
        std::stable_sort(type.fields.begin(), type.fields.end(),
                         [](const auto& a, const auto& b) { return a.offset < b.offset; });
        type.mentions = std::move(mentions_);
        return type;
    }

    DebugType::Field field_of(Dwarf_Die member, const std::string& name) {
        const auto bit = number(member, DW_AT_data_bit_offset);
        DebugType::Field field;
        field.offset = bit ? *bit / 8 : number(member, DW_AT_data_member_location).value_or(0);
        field.name = name;
        field.type = text_of(type_of(member));
        if (bit) {
            field.type += fmt::format(", {} bits at bit {}",
                                      number(member, DW_AT_bit_size).value_or(0), *bit % 8);
        }
        return field;
    }

    bool any_ = false;
    std::unordered_map<Dwarf_Off, std::string> names_;
    std::unordered_map<std::string, std::string> spelled_;  // with inline namespaces: without
    std::unordered_map<std::string, Dwarf_Die> definitions_;
    std::unordered_set<std::string> asked_;
    std::deque<std::string> wanted_;
    std::vector<std::string> mentions_;  // by the type that is being described
};

}  // namespace

Result<DebugTypes> read_debug_types(const std::filesystem::path& library,
                                    std::span<const std::string> names) {
    const Descriptor file{::open(library.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) return Error{Status::not_found, library.string() + " cannot be opened"};
    const std::unique_ptr<Dwarf, int (*)(Dwarf*)> dwarf{dwarf_begin(file.number(), DWARF_C_READ),
                                                        dwarf_end};
    if (dwarf) {
        if (Reader reader{dwarf.get()}; reader.any()) return reader.read(names);
    }
    return Error{Status::unavailable, "there is no debug information (-g) in it"};
}

}  // namespace gantry::platform
