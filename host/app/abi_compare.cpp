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

bool carries(const ecs::Field& from, const ecs::Field& to) {
    return ecs::widens(from.kind, to.kind) && to.count >= from.count;
}

/// How the field is declared: "std::int16_t speed".
std::string declaration(const ecs::Field& field, std::string_view name) {
    constexpr const char* types[] = {"?",
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
                                     "gantry::Entity",
                                     "char"};
    const auto kind = static_cast<std::size_t>(field.kind);
    const char* const type = kind < std::size(types) ? types[kind] : "?";
    return field.count == 1 ? fmt::format("{} {}", type, name)
                            : fmt::format("{} {}[{}]", type, name, field.count);
}

/// What the struct of "zoo.size" is likely to be called: "Size".
std::string type_name(const std::string& component) {
    std::string name = component.substr(component.rfind('.') + 1);
    if (name[0] >= 'a' && name[0] <= 'z') name[0] = static_cast<char>(name[0] - 'a' + 'A');
    return name;
}

/// What to write for a field that no rule of the host carries over: both live side by side for one
/// version, and the next one drops the old.
std::string conversion_stub(const ecs::Schema& before, const ecs::Schema& after,
                            const ecs::Field& from, const ecs::Field& to) {
    return fmt::format(
        "// {0}: {1} was {2} and is {3}. Keep the old field for one version, add the new one under "
        "a name of its own:\n"
        "//     {4};\n"
        "//     {5};\n"
        "// raise the version of {0} to {6}, and convert once, when your version takes over:\n"
        "void begin(bool fresh) override {{\n"
        "    if (fresh) return;\n"
        "    world().view<{7}>().each([]({7}& one) {{\n"
        "        one.{1}_next = /* from one.{1} */;\n"
        "    }});\n"
        "}}\n",
        before.name, from.name, shape(from), shape(to), declaration(from, from.name),
        declaration(to, from.name + "_next"), std::max(before.version + 1, after.version),
        type_name(before.name));
}

void compare_fields(const ecs::Schema& before, const ecs::Schema& after, AbiReport& report) {
    const auto add = [&](const ecs::Field& field, const std::string& what) {
        report.add(AbiVerdict::needs_migration,
                   fmt::format("component {}: field {} {}", before.name, field.name, what));
    };
    for (const ecs::Field& to : after.fields) {
        const ecs::Field* const from = before.find(to.name);
        if (from == nullptr) {
            add(to, fmt::format("is new ({}) and takes its default", shape(to)));
        } else if (!carries(*from, to)) {
            add(to, fmt::format("was {} and is {}, which the host cannot convert: it would refuse "
                                "the swap",
                                shape(*from), shape(to)));
            report.stubs.push_back(conversion_stub(before, after, *from, to));
        } else if (shape(*from) != shape(to)) {
            add(to,
                fmt::format("was {} and is {}, which the host converts", shape(*from), shape(to)));
        } else if (from->offset != to.offset) {
            add(to, fmt::format("was at {} and is at {}, and is moved", from->offset, to.offset));
        }
    }
    for (const ecs::Field& from : before.fields) {
        if (after.find(from.name) == nullptr) {
            add(from, fmt::format("({}) goes, and what it holds with it", shape(from)));
        }
    }
}

void compare_component(const ecs::Schema& before, const ecs::Schema& after, AbiReport& report) {
    const std::size_t findings = report.findings.size();
    const std::size_t stubs = report.stubs.size();
    compare_fields(before, after, report);
    const auto plan = ecs::plan_change(no_component, before, after);
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
    constexpr std::string_view names[] = {"swap-safe", "needs migration", "breaks clients",
                                          "needs a restart"};
    return names[static_cast<std::size_t>(verdict)];
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
        report.add(AbiVerdict::breaks_clients,
                   fmt::format("message {} ({}): nobody handles it any more", was.id, was.name));
    }
}

void compare_messages(std::span<const MessageSchema> before, std::span<const MessageSchema> after,
                      AbiReport& report) {
    Messages{before, after, report}.compare_all();
}

}  // namespace gantry::app
