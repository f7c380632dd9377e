#include "host/app/abi_compare.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "host/ecs/field_plan.h"
#include "host/ecs/migration.h"
#include "host/plugin/gate.h"
#include "host/plugin/version.h"

namespace gantry::app {
namespace {

using plugin::MessageField;
using plugin::MessageSchema;

template <class Range, class Is>
auto find(const Range& range, const Is& is) -> decltype(&*range.begin()) {
    const auto found = std::find_if(range.begin(), range.end(), is);
    return found == range.end() ? nullptr : &*found;
}

std::string shape(const ecs::Field& field) {
    return field.count == 1 ? field_kind_name(field.kind)
                            : fmt::format("{}[{}]", field_kind_name(field.kind), field.count);
}

/// Its C++ type: "std::int16_t".
std::string_view type_of(FieldKind kind) {
    constexpr std::string_view types[] = {"?",
                                          "bool",
                                          "std::int8_t",
                                          "std::int16_t",
                                          "std::int32_t",
                                          "std::int64_t",
                                          "std::uint8_t",
                                          "std::uint16_t",
                                          "std::uint32_t",
                                          "std::uint64_t",
                                          "float",
                                          "double",
                                          "gantry::Entity"};
    const auto index = static_cast<std::size_t>(kind);
    return index < std::size(types) ? types[index] : "?";
}

/// What the struct of "zoo.size" is likely to be called: "Size".
std::string type_name(const std::string& component) {
    std::string name = component.substr(component.rfind('.') + 1);
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
}

/// What to write for a field that comes over by no rule of the host.
std::string conversion_stub(const ecs::Schema& before, const ecs::Schema& after,
                            const ecs::Field& from, const ecs::Field& to) {
    const std::string head = fmt::format(
        "// {}: {} was {} and is {}. Raise the version above {}, and declare what is to "
        "become of it:\n",
        before.name, from.name, shape(from), shape(to), before.version);
    if (ecs::widens(from.kind, to.kind)) {
        return head +
               fmt::format("GANTRY_FIELD({}, .shrinks = true)  // the last are lost\n", to.name);
    }
    const std::string type = type_name(after.name);
    const bool is_text = from.kind == FieldKind::text;
    const std::string get = is_text
                                ? fmt::format("old.text(\"{}\")", from.name)
                                : fmt::format("old.get<{}>(\"{}\")", type_of(from.kind), from.name);
    return head + fmt::format(
                      "GANTRY_FIELD({0}, .converted = true)\n"
                      "static void up(const gantry::OldRow& old, {1}& now) noexcept {{\n"
                      "    now.{0} = /* from */ {2};\n"
                      "}}\n"
                      "static void down(const {1}& now, gantry::OldRow& old) noexcept {{\n"
                      "    old.{3}(\"{4}\", /* from */ now.{0});\n"
                      "}}\n",
                      to.name, type, get, is_text ? "set_text" : "set", from.name);
}

/// How a field of the new layout comes out of the old one.
struct FieldPair {
    const ecs::Field* from = nullptr;      ///< null for a new one
    const ecs::Field* declared = nullptr;  ///< whose declarations count: the newer version's
};

/// By the name, or the former name that the newer version declares.
FieldPair find_pair(const ecs::Schema& before, const ecs::Schema& after, const ecs::Field& to) {
    if (after.version < before.version) {
        const ecs::Field* const from = find(before.fields, [&](const ecs::Field& one) {
            return one.was.empty() ? one.name == to.name : one.was == to.name;
        });
        return {from, from};
    }
    return {before.find(to.was.empty() ? to.name : to.was), &to};
}

void compare_field(const ecs::Schema& before, const ecs::Schema& after, const ecs::Field& to,
                   const FieldPair& pair, AbiReport& report) {
    const auto add = [&](const std::string& what) {
        report.add(AbiVerdict::needs_migration,
                   fmt::format("component {}: field {} {}", before.name, to.name, what));
    };
    if (pair.from == nullptr)
        return add(fmt::format("is new ({}) and takes its default", shape(to)));
    const ecs::Field& from = *pair.from;
    const std::string shapes = fmt::format("was {} and is {}", shape(from), shape(to));
    if (from.name != to.name) add(fmt::format("was called {}", from.name));
    if (pair.declared->is(field_origin::converted)) {
        add(shapes + ", which the plugin's own functions convert");
    } else if (!ecs::widens(from.kind, to.kind) ||
               (to.count < from.count && !pair.declared->is(field_origin::shrinks))) {
        add(shapes + ", which the host cannot convert: it would refuse the swap");
        report.stubs.push_back(conversion_stub(before, after, from, to));
    } else if (to.count < from.count) {
        add(shapes + ", and loses its last elements as declared");
    } else if (shape(from) != shape(to)) {
        add(shapes + ", which the host converts");
    } else if (from.offset != to.offset) {
        add(fmt::format("was at {} and is at {}, and is moved", from.offset, to.offset));
    }
}

void compare_fields(const ecs::Schema& before, const ecs::Schema& after, AbiReport& report) {
    std::set<const ecs::Field*> carried;
    for (const ecs::Field& to : after.fields) {
        const FieldPair pair = find_pair(before, after, to);
        carried.insert(pair.from);
        compare_field(before, after, to, pair, report);
    }
    for (const ecs::Field& from : before.fields) {
        if (carried.contains(&from)) continue;
        report.add(AbiVerdict::needs_migration,
                   fmt::format("component {}: field {} ({}) goes, and what it holds with it",
                               before.name, from.name, shape(from)));
    }
}

/// "message 7 (walk)"; a handler without a name of its own is called after its message already.
std::string handler_title(const Surface::Route& route) {
    const std::string own = fmt::format("message {}", route.id);
    return route.name == own ? own : fmt::format("{} ({})", own, route.name);
}

/// Stands for the functions of a library that is not open here; it is never called.
void elsewhere(const RowsView*, const RowsView*) noexcept {}

void compare_component(const ecs::Schema& before, const ecs::Schema& after, AbiReport& report) {
    const std::size_t findings = report.findings.size();
    const std::size_t stubs = report.stubs.size();
    compare_fields(before, after, report);
    const ecs::Converter converter{no_component, 0, elsewhere, elsewhere};
    const auto plan = ecs::plan_change(no_component, before, after, converter, converter);
    if (!plan && stubs == report.stubs.size()) {
        report.add(AbiVerdict::needs_migration, plan.error().message);
    } else if (plan && findings == report.findings.size()) {
        report.add(AbiVerdict::needs_migration,
                   fmt::format("component {}: {} becomes {}", before.name, ecs::layout_text(before),
                               ecs::layout_text(after)));
    }
}

void compare_dependency(const Dependency& needs, const PluginDesc& before, AbiReport& report) {
    const std::span list{before.dependencies, std::min(before.dependency_count, dependencies_max)};
    const Dependency* const had =
        find(list, [&](const Dependency& one) { return std::string_view{one.name} == needs.name; });
    if (had == nullptr) {
        if (needs.optional == 0) {
            report.add(AbiVerdict::needs_restart,
                       fmt::format("dependencies: {} {} is new, and has to be loaded first",
                                   needs.name, needs.version_min));
        }
        return;
    }
    const auto was = plugin::Version::parse(had->version_min);
    const auto is = plugin::Version::parse(needs.version_min);
    if (was && is && !was->satisfies(*is)) {
        report.add(AbiVerdict::needs_restart,
                   fmt::format("dependencies: {} was {} or later and is {} or later", needs.name,
                               had->version_min, needs.version_min));
    } else if (had->optional != 0 && needs.optional == 0) {
        report.add(AbiVerdict::needs_restart,
                   fmt::format("dependencies: {} was optional and is not any more", needs.name));
    }
}

class Messages {
public:
    Messages(std::span<const MessageSchema> before, std::span<const MessageSchema> after,
             AbiReport& report)
        : before_{before}, after_{after}, report_{report} {}

    void compare_all() {
        for (const MessageSchema& from : before_) {
            if (from.id == 0) continue;
            const MessageSchema* const to =
                find(after_, [&](const MessageSchema& one) { return one.id == from.id; });
            const std::string title = fmt::format("message {} {}", from.id, from.name);
            if (to == nullptr) {
                report_.add(AbiVerdict::breaks_clients, title + ": the id is gone");
            } else {
                compare(from, *to, title + ": field ");
            }
        }
    }

private:
    /// `path` ends where the number of a field is to stand.
    void compare(const MessageSchema& from, const MessageSchema& to, const std::string& path) {
        if (!seen_.emplace(&from, &to).second) return;  // a message may hold itself
        for (const MessageField& was : from.fields) {
            const std::string field = fmt::format("{}{} {}", path, was.number, was.name);
            if (const MessageField* const is = to.field(was.number)) {
                compare_types(was, *is, field);
            } else if (const MessageField* const moved = to.field(was.name)) {
                report_.add(AbiVerdict::breaks_clients,
                            fmt::format("{} has the number {} now", field, moved->number));
            } else {
                report_.add(AbiVerdict::swap_safe,
                            field + " goes; what clients send of it is passed over");
            }
        }
    }

    /// A message or an enumeration may be renamed: only numbers and types travel.
    static std::string wire_type(const std::string& type) {
        constexpr std::string_view repeated = "repeated ";
        const auto end = type.find(' ', type.starts_with(repeated) ? repeated.size() : 0);
        return type.substr(0, end);
    }

    void compare_types(const MessageField& was, const MessageField& is, const std::string& field) {
        if (wire_type(was.type) != wire_type(is.type)) {
            report_.add(AbiVerdict::breaks_clients,
                        fmt::format("{} was {} and is {}", field, was.type, is.type));
            return;
        }
        const MessageSchema* const from = inner(before_, was.type);
        const MessageSchema* const to = inner(after_, is.type);
        if (from != nullptr && to != nullptr) compare(*from, *to, field + ", field ");
    }

    /// The schema that "repeated message game.Item" names, or null.
    static const MessageSchema* inner(std::span<const MessageSchema> list,
                                      const std::string& type) {
        const std::string_view name = std::string_view{type}.substr(type.rfind(' ') + 1);
        return find(list, [&](const MessageSchema& one) { return one.name == name; });
    }

    std::span<const MessageSchema> before_;
    std::span<const MessageSchema> after_;
    AbiReport& report_;
    std::set<std::pair<const MessageSchema*, const MessageSchema*>> seen_;
};

}  // namespace

std::string_view verdict_name(AbiVerdict verdict) noexcept {
    constexpr std::string_view names[] = {"swap-safe",      "cannot tell",    "needs migration",
                                          "breaks plugins", "breaks clients", "needs a restart"};
    return names[static_cast<std::size_t>(verdict)];
}

int exit_code(AbiVerdict verdict) noexcept {
    constexpr int codes[] = {0, 4, 1, 5, 2, 3};
    return codes[static_cast<std::size_t>(verdict)];
}

void AbiReport::add(AbiVerdict at_least, std::string finding) {
    verdict = std::max(verdict, at_least);
    findings.push_back(std::move(finding));
}

void compare_descriptors(const PluginDesc& before, const PluginDesc& after, AbiReport& report) {
    if (before.abi_major != after.abi_major) {
        report.add(
            AbiVerdict::needs_restart,
            fmt::format("abi: was {}.{} and is {}.{}, which wants a host of that version",
                        before.abi_major, before.abi_minor, after.abi_major, after.abi_minor));
    } else if (after.abi_minor > GANTRY_ABI_MINOR) {
        report.add(AbiVerdict::needs_restart,
                   fmt::format("abi: was {}.{} and is {}.{}, newer than this host's {}.{}",
                               before.abi_major, before.abi_minor, after.abi_major, after.abi_minor,
                               GANTRY_ABI_MAJOR, GANTRY_ABI_MINOR));
    }
    for (const std::string& name : plugin::facet_names(before.facets & ~after.facets)) {
        report.add(AbiVerdict::needs_restart, fmt::format("facets: {} is gone", name));
    }
    for (const std::string& name : plugin::facet_names(after.facets & ~before.facets)) {
        report.add(AbiVerdict::needs_restart, fmt::format("facets: {} is new", name));
    }
    for (std::uint32_t i = 0; i < std::min(after.dependency_count, dependencies_max); ++i) {
        compare_dependency(after.dependencies[i], before, report);
    }
}

void compare_components(std::span<const ecs::Schema> before, std::span<const ecs::Schema> after,
                        AbiReport& report) {
    for (const ecs::Schema& from : before) {
        const ecs::Schema* const to =
            find(after, [&](const ecs::Schema& one) { return one.name == from.name; });
        if (to == nullptr) {
            report.add(AbiVerdict::swap_safe,
                       fmt::format("component {}: is not registered any more; what worlds hold of "
                                   "it stays",
                                   from.name));
            continue;
        }
        if (ecs::difference(from, *to)) compare_component(from, *to, report);
    }
}

void compare_routes(std::span<const Surface::Route> before, std::span<const Surface::Route> after,
                    AbiReport& report) {
    for (const Surface::Route& was : before) {
        const auto is_same = [&](const Surface::Route& one) { return one.id == was.id; };
        if (find(after, is_same) != nullptr) continue;
        report.add(AbiVerdict::breaks_clients, handler_title(was) + ": nobody handles it any more");
    }
}

void compare_messages(std::span<const MessageSchema> before, std::span<const MessageSchema> after,
                      AbiReport& report) {
    Messages{before, after, report}.compare_all();
}

}  // namespace gantry::app
