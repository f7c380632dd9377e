// Planning a migration: which field of one layout becomes which of the other.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "host/ecs/field_plan.h"

namespace gantry::ecs {
namespace {

Error refusal(const Schema& before, const Schema& after, std::string_view why) {
    return Error{Status::refused,
                 fmt::format("component {}: {}; the world has {}, the new version brings {}",
                             before.name, why, layout_text(before), layout_text(after))};
}

/// Fields of the older layout by those of the newer that they became.
using Pairs = std::map<const Field*, const Field*>;

/// By name; where the older layout has no field of the name, by the declared former one. A field
/// that was renamed is not taken a second time by a new one of its old name.
Pairs match(const Schema& older, const Schema& newer) {
    Pairs pairs;
    std::vector<const Field*> claimed;
    const auto take = [&](const Field& field, const Field* from) {
        if (from == nullptr || pairs.count(&field) > 0) return;
        if (std::find(claimed.begin(), claimed.end(), from) != claimed.end()) return;
        pairs[&field] = from;
        claimed.push_back(from);
    };
    const auto former = [&](const Field& field) {
        return field.was.empty() ? nullptr : older.find(field.was);
    };
    for (const Field& field : newer.fields) {
        if (older.find(field.name) == nullptr) take(field, former(field));
    }
    for (const Field& field : newer.fields) take(field, older.find(field.name));
    for (const Field& field : newer.fields) take(field, former(field));
    return pairs;
}

/// A field that came over by its name although its declared former name would be lost.
const Field* ambiguous(const Schema& older, const Schema& newer, const Pairs& pairs) {
    for (const auto& [field, from] : pairs) {
        if (field->was.empty() || from->name != field->name) continue;
        if (older.find(field->was) != nullptr && newer.find(field->was) == nullptr) return field;
    }
    return nullptr;
}

/// The array of structs, "slots", of which `name`, "slots[3].item", is an element that only one
/// layout has. `theirs` are the names of the other, as this one would call them.
std::string_view lost_element(std::string_view name, const std::vector<std::string>& theirs) {
    const auto any = [&](std::string_view begin) {
        return std::any_of(theirs.begin(), theirs.end(),
                           [&](const std::string& one) { return one.starts_with(begin); });
    };
    for (std::size_t end = name.find(']'); end != name.npos; end = name.find(']', end + 1)) {
        const std::size_t begin = name.rfind('[', end);
        if (begin == name.npos || any(name.substr(0, end + 1))) continue;
        return any(name.substr(0, begin + 1)) ? name.substr(0, begin) : std::string_view{};
    }
    return {};
}

struct Planner {
    const Schema& before;
    const Schema& after;
    const Schema& newer;  // one of the two: whose declarations count
    ComponentChange& change;
    std::vector<std::string> arrived;  // names of `after`, as `before` called them

    Result<Done> carry(const Field& from, const Field& to, const Field& declared);
    Result<Done> drop(const Field& from);
    void keep(const Field& from, std::uint32_t first) {
        const std::uint32_t each = field_kind_bytes(from.kind);
        change.kept.push_back({from.offset + each * first, each * (from.count - first)});
    }
};

Result<Done> Planner::carry(const Field& from, const Field& to, const Field& declared) {
    if (declared.is(field_origin::converted)) {
        if (change.convert == nullptr) {
            return refusal(before, after,
                           fmt::format("field {} is declared converted, and there is no {}()",
                                       declared.name, &newer == &after ? "up" : "down"));
        }
        change.converted.push_back(to.name);
        keep(from, 0);
        return Done{};
    }
    if (!widens(from.kind, to.kind)) {
        return refusal(before, after,
                       fmt::format("field {} cannot turn from {} into {} without loss", to.name,
                                   field_kind_name(from.kind), field_kind_name(to.kind)));
    }
    if (to.count < from.count) {
        if (!declared.is(field_origin::shrinks)) {
            return refusal(before, after,
                           fmt::format("field {} shrinks from {} elements to {}", to.name,
                                       from.count, to.count));
        }
        keep(from, to.count);
    }
    if (from.name != to.name) change.renamed.push_back(from.name + ">" + to.name);
    change.moves.push_back(
        {from.kind, to.kind, from.offset, to.offset, std::min(from.count, to.count)});
    return Done{};
}

Result<Done> Planner::drop(const Field& from) {
    const std::string_view array = lost_element(from.name, arrived);
    if (!array.empty()) {
        const bool declared =
            std::any_of(newer.fields.begin(), newer.fields.end(), [&](const Field& one) {
                return one.is(field_origin::shrinks) &&
                       (one.name.starts_with(array) || one.was.starts_with(array));
            });
        if (!declared) {
            return refusal(before, after,
                           fmt::format("array {} becomes shorter than {}", array, from.name));
        }
    }
    change.dropped.push_back(from.name);
    keep(from, 0);
    return Done{};
}

}  // namespace

Result<ComponentChange> plan_change(ComponentId component, const Schema& before,
                                    const Schema& after, const Converter& of_before,
                                    const Converter& of_after) {
    ComponentChange change;
    change.component = component;
    change.before = before;
    change.after = after;
    const bool upward = after.version >= before.version;
    const Schema& newer = upward ? after : before;
    const Schema& older = upward ? before : after;
    change.convert = upward ? of_after.up : of_before.down;
    change.revert = upward ? of_after.down : of_before.up;
    change.converter_owner = upward ? of_after.owner : of_before.owner;
    if (before.sparse() != after.sparse()) {
        return refusal(before, after, "its storage cannot change between table and sparse");
    }
    if (before.fields.empty() != after.fields.empty() && before.size > 0 && after.size > 0) {
        return refusal(before, after, "without described fields nothing can be carried over");
    }
    const Pairs pairs = match(older, newer);
    if (const Field* const field = ambiguous(older, newer, pairs)) {
        return refusal(
            before, after,
            fmt::format("field {} was {}, and the older layout has both", field->name, field->was));
    }
    std::map<std::string_view, std::pair<const Field*, const Field*>> arriving;  // from, declared
    for (const auto& [field, from] : pairs) {
        arriving[upward ? field->name : from->name] = {upward ? from : field, field};
    }
    Planner planner{before, after, newer, change, {}};
    std::vector<const Field*> carried;
    for (const Field& to : after.fields) {
        const auto found = arriving.find(to.name);
        planner.arrived.push_back(found == arriving.end() ? to.name : found->second.first->name);
        if (found == arriving.end()) {
            change.added.push_back(to.name);
            continue;
        }
        const auto [from, declared] = found->second;
        carried.push_back(from);
        if (auto done = planner.carry(*from, to, *declared); !done) return done.error();
    }
    for (const Field& from : before.fields) {
        if (std::find(carried.begin(), carried.end(), &from) != carried.end()) continue;
        if (auto done = planner.drop(from); !done) return done.error();
    }
    return change;
}

namespace {

std::string_view field_at(const Schema& schema, std::uint32_t offset) {
    for (const Field& field : schema.fields) {
        if (field.offset == offset) return field.name;
    }
    return "a field";
}

}  // namespace

ComponentChange reverse_change(const ComponentChange& change) {
    ComponentChange back;
    back.component = change.component;
    back.before = change.after;
    back.after = change.before;
    back.moves = change.moves;
    back.convert = change.revert;
    back.revert = change.convert;
    back.converter_owner = change.converter_owner;
    for (FieldMove& move : back.moves) {
        std::swap(move.from, move.to);
        std::swap(move.from_offset, move.to_offset);
    }
    return back;
}

std::vector<std::string> MigrationPlan::one_way() const {
    std::vector<std::string> list;
    for (const ComponentChange& change : changes) {
        const std::string& name = change.before.name;
        if (change.convert != nullptr && change.revert == nullptr) {
            list.push_back(fmt::format(
                "component {}: nothing leads back from version {} to {}: after a rollback {} would "
                "be as at the hand-over; declare a {}()",
                name, change.after.version, change.before.version,
                change.converted.empty() ? "what is converted"
                                         : fmt::format("{}", fmt::join(change.converted, ", ")),
                change.after.version >= change.before.version ? "down" : "up"));
        }
        for (const FieldMove& move : change.moves) {
            if (widens(move.to, move.from)) continue;
            list.push_back(fmt::format(
                "component {}: a rollback would bring the nearest {} of what {} took as {}", name,
                field_kind_name(move.from), field_at(change.after, move.to_offset),
                field_kind_name(move.to)));
        }
    }
    return list;
}

std::string MigrationPlan::text() const {
    std::string text;
    const auto list = [&text](const char* what, const std::vector<std::string>& names) {
        if (!names.empty()) text += fmt::format(", {} {}", what, fmt::join(names, " "));
    };
    for (const ComponentChange& change : changes) {
        text += fmt::format("{}{} becomes {}", text.empty() ? "" : "\n", layout_text(change.before),
                            layout_text(change.after));
        list("new:", change.added);
        list("renamed:", change.renamed);
        list("converted:", change.converted);
        list("dropped:", change.dropped);
    }
    return text;
}

}  // namespace gantry::ecs
