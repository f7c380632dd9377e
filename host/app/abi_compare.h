// What replacing one library by another means for the host, its worlds and its clients.
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gantry/plugin.h"
#include "host/app/surface.h"
#include "host/plugin/interface_check.h"
#include "host/plugin/message_schema.h"

namespace gantry::app {

/// From harmless to impossible.
enum class AbiVerdict {
    swap_safe,
    cannot_tell,
    needs_migration,
    breaks_plugins,
    breaks_clients,
    needs_restart
};

/// "swap-safe", "cannot tell", "needs migration", "breaks plugins", "breaks clients", "needs a
/// restart"
std::string_view verdict_name(AbiVerdict verdict) noexcept;
/// Of gantry abi.
int exit_code(AbiVerdict verdict) noexcept;

struct AbiReport {
    AbiVerdict verdict = AbiVerdict::swap_safe;
    std::vector<std::string> findings;  ///< one line each, naming the field
    std::string advice;                 ///< on interfaces that changed, or empty
    std::vector<std::string> stubs;     ///< C++ for what the host cannot migrate by itself

    void add(AbiVerdict at_least, std::string finding);
};

/// ABI, facets and dependencies: all that a swap cannot change.
void compare_descriptors(const PluginDesc& before, const PluginDesc& after, AbiReport& report);
/// Layouts of components that both register, by the rules of the host's own migration.
void compare_components(std::span<const ecs::Schema> before, std::span<const ecs::Schema> after,
                        AbiReport& report);
/// Message ids that handlers claim.
void compare_routes(std::span<const Surface::Route> before, std::span<const Surface::Route> after,
                    AbiReport& report);
/// What other plugins were compiled against: the interfaces that both offer or ask for.
void compare_interfaces(const plugin::InterfaceSide& before, const plugin::InterfaceSide& after,
                        AbiReport& report);
/// Protobuf messages, from those that have an id down into their fields.
void compare_messages(std::span<const plugin::MessageSchema> before,
                      std::span<const plugin::MessageSchema> after, AbiReport& report);

}  // namespace gantry::app
