#include "host/plugin/interface_check.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <set>
#include <utility>

namespace gantry::plugin {
namespace {

using platform::DebugType;
using platform::DebugTypes;

constexpr const char* nothing = "nothing";

/// "game::Score" is Score to whoever reads the sentence.
std::string short_name(const std::string& type) {
    const auto end = type.find('<');
    const auto colon = type.rfind("::", end);
    return colon == type.npos ? type : type.substr(colon + 2);
}

/// What two compilers may spell differently is left out: the arguments of templates.
std::string comparable(const std::string& type) {
    std::string text;
    int depth = 0;
    for (const char c : type) {
        if (c == '<') ++depth;
        if (depth == 0) text += c;
        if (c == '>') --depth;
    }
    return text;
}

class Comparison {
public:
    Comparison(const DebugTypes& one, const DebugTypes& other) : one_{one}, other_{other} {}

    /// A type that only one side knows whole is passed over: the other never looks into it.
    std::vector<InterfaceDifference> run(const std::string& one, const std::string& other) {
        compare(one, one_.at(one), other_.at(other), true);
        std::set<std::string> seen{one};
        std::deque<std::string> left{one_.at(one).mentions.begin(), one_.at(one).mentions.end()};
        for (; !left.empty(); left.pop_front()) {
            const std::string& name = left.front();
            const auto here = one_.find(name);
            const auto there = other_.find(name);
            if (here == one_.end() || there == other_.end() || !seen.insert(name).second) continue;
            compare(name, here->second, there->second, false);
            left.insert(left.end(), here->second.mentions.begin(), here->second.mentions.end());
        }
        return std::move(differences_);
    }

private:
    void add(std::string what, std::string in_one, std::string in_other) {
        if (differences_.size() == differences_max) return;
        differences_.push_back({std::move(what), std::move(in_one), std::move(in_other)});
    }

    void compare(const std::string& name, const DebugType& one, const DebugType& other, bool root) {
        compare_slots(short_name(name), one, other, root);
        if (one.is_enum || other.is_enum) {
            compare_values(short_name(name), one, other);
        } else {
            compare_fields(short_name(name), one, other);
        }
        if (one.bytes != other.bytes) {
            add(fmt::format("the size of {}", short_name(name)), fmt::format("{} bytes", one.bytes),
                fmt::format("{} bytes", other.bytes));
        }
    }

    void compare_slots(const std::string& name, const DebugType& one, const DebugType& other,
                       bool root) {
        std::set<std::uint64_t> slots;
        for (const auto& slot : one.slots) slots.insert(slot.index);
        for (const auto& slot : other.slots) slots.insert(slot.index);
        const std::uint64_t known = other.slots.empty() ? 0 : other.slots.back().index + 1;
        for (const std::uint64_t slot : slots) {
            if (root && slot >= known) break;
            std::string here = signature(one, slot);
            std::string there = signature(other, slot);
            if (here != there) {
                add(fmt::format("slot {} of {}", slot, name), std::move(here), std::move(there));
            }
        }
    }

    static std::string signature(const DebugType& type, std::uint64_t slot) {
        for (const auto& one : type.slots) {
            if (one.index == slot) return one.signature;
        }
        return nothing;
    }

    void compare_values(const std::string& name, const DebugType& one, const DebugType& other) {
        for (const auto& here : one.fields) {
            for (const auto& there : other.fields) {
                if (here.name != there.name || here.offset == there.offset) continue;
                add(fmt::format("{}::{}", name, here.name), std::to_string(here.offset),
                    std::to_string(there.offset));
            }
        }
    }

    void compare_fields(const std::string& name, const DebugType& one, const DebugType& other) {
        for (std::size_t i = 0; i < std::max(one.fields.size(), other.fields.size()); ++i) {
            if (same(field(one, i), field(other, i))) continue;
            const auto* const at = i < one.fields.size() ? &one.fields[i] : &other.fields[i];
            return add(fmt::format("{} at byte {}", name, at->offset), text(field(one, i)),
                       text(field(other, i)));
        }
    }
    static const DebugType::Field* field(const DebugType& type, std::size_t index) {
        return index < type.fields.size() ? &type.fields[index] : nullptr;
    }
    static bool same(const DebugType::Field* one, const DebugType::Field* other) {
        return one != nullptr && other != nullptr && one->offset == other->offset &&
               one->name == other->name && comparable(one->type) == comparable(other->type);
    }
    static std::string text(const DebugType::Field* field) {
        return field != nullptr ? fmt::format("{} {}", field->type, field->name) : nothing;
    }

    const DebugTypes& one_;
    const DebugTypes& other_;
    std::vector<InterfaceDifference> differences_;
};

/// The types of one side, read when they are first wanted.
class Book {
public:
    explicit Book(const InterfaceSide& side) : side_{side} {}

    /// The error names the side.
    Result<const DebugTypes*> knowing(const std::string& type) {
        if (!types_) {
            std::vector<std::string> names;
            for (const route::InterfaceUse& use : side_.uses) names.push_back(use.type);
            types_ = platform::read_debug_types(side_.file, names);
        }
        const Result<DebugTypes>& types = *types_;
        if (!types) return Error{types.error().status, says(types.error().message)};
        if (types->contains(type)) return &*types;
        return Error{Status::unavailable, says("its debug information does not describe " + type)};
    }

private:
    std::string says(const std::string& sentence) const { return side_.label + ": " + sentence; }

    const InterfaceSide& side_;
    std::optional<Result<DebugTypes>> types_;
};

using Differences = Result<std::vector<InterfaceDifference>>;

Differences compare(Book& provider, const route::InterfaceUse& offered, Book& user,
                    const route::InterfaceUse& wanted) {
    const auto one = provider.knowing(offered.type);
    if (!one) return one.error();
    const auto other = user.knowing(wanted.type);
    if (!other) return other.error();
    return compare_interface(**one, offered.type, **other, wanted.type);
}

/// What is said of the first side stands first, also when it is the user.
Differences turned_round(Differences differences) {
    if (!differences) return differences;
    for (InterfaceDifference& one : *differences) std::swap(one.in_one, one.in_other);
    return differences;
}

/// Every pair of uses of one service that `roles` wants. It says which of the two is to be taken
/// for the provider.
enum class Provider : std::uint8_t { neither, first, second };
template <class Roles>
std::vector<SharedInterface> check_pairs(const InterfaceSide& one, const InterfaceSide& other,
                                         Roles roles) {
    std::vector<SharedInterface> list;
    Book here{one};
    Book there{other};
    for (const route::InterfaceUse& mine : one.uses) {
        for (const route::InterfaceUse& its : other.uses) {
            const Provider provider =
                mine.service == its.service ? roles(mine, its) : Provider::neither;
            if (provider == Provider::neither) continue;
            list.push_back({mine.service, mine.type,
                            provider == Provider::first
                                ? compare(here, mine, there, its)
                                : turned_round(compare(there, its, here, mine))});
        }
    }
    return list;
}

}  // namespace

std::string SharedInterface::title() const {
    return fmt::format("{} ({})", short_name(type), service);
}

std::vector<SharedInterface> check_neighbours(const InterfaceSide& one,
                                              const InterfaceSide& other) {
    return check_pairs(one, other, [](const auto& mine, const auto& its) {
        if (mine.provides == its.provides) return Provider::neither;
        return mine.provides ? Provider::first : Provider::second;
    });
}

// Of a provider the new version must offer what was there, of a user want no more than that.
std::vector<SharedInterface> check_versions(const InterfaceSide& before,
                                            const InterfaceSide& after) {
    return check_pairs(before, after, [](const auto& was, const auto& is) {
        if (was.provides != is.provides) return Provider::neither;
        return was.provides ? Provider::second : Provider::first;
    });
}

std::vector<InterfaceDifference> compare_interface(const DebugTypes& provider,
                                                   const std::string& provider_type,
                                                   const DebugTypes& user,
                                                   const std::string& user_type) {
    return Comparison{provider, user}.run(provider_type, user_type);
}

}  // namespace gantry::plugin
