// gantry/plugin.h: the one interface every plugin implements, and the descriptor it exports.
#pragma once
#include "gantry/abi.h"
#include "gantry/types.h"

namespace gantry {

/// Everything the host offers to one instance, by interface id. A facet gets only what is safe on
/// its thread: "gantry.ecs/1" answers in a world, "gantry.io/1" on a shard, "gantry.runtime/1"
/// everywhere.
struct Host {
    /// The interface, or null when this host or this facet has none of that id. The pointer is
    /// valid until stop() returns. [the instance's own thread]
    virtual void* query(Str interface_id) noexcept = 0;

protected:
    ~Host() = default;
};

/// One running instance, made by a PluginDesc and owned by the host:
///     create -> start -> [restore] -> serve -> (messages, ticks) -> drain -> save -> stop ->
///     destroy
/// Every call comes on the instance's one thread, one at a time, so no lock is needed. Nothing may
/// be thrown out of a method; gantry/gantry.h keeps yours in. No method is ever added, moved or
/// overloaded here: a new ability is a new interface, found by query().
struct Plugin {
    /// Register handlers, systems, timers and services. Nobody is served by you yet. On any Status
    /// but ok the host takes back what was registered and calls destroy().
    virtual Status start(Host& host) noexcept = 0;

    /// You serve from now on: call others, create entities, send. `successor` 1: you took over from
    /// an older version, after restore(); 0: you are the first here. Comes again after a rollback.
    virtual void serve(std::uint32_t successor) noexcept = 0;

    /// A successor is ready. Keep serving, start nothing long. The swap waits until idle() and no
    /// task is left, for `deadline_ms` at most.
    virtual void drain(std::uint32_t deadline_ms) noexcept = 0;

    /// The swap that drain() announced was given up, or rolled back: you go on.
    virtual void resume() noexcept = 0;

    /// True once nothing is in flight. Cheap: asked once a turn while draining.
    virtual bool idle() noexcept = 0;

    /// The last call that may use the Host. Only after an ok start().
    virtual void stop() noexcept = 0;

    /// An optional ability such as "gantry.state/1", or null. The answer never changes and is valid
    /// until destroy().
    virtual void* query(Str interface_id) noexcept = 0;

    /// Free this object, in the library that made it.
    virtual void destroy() noexcept = 0;

protected:
    ~Plugin() = default;
};

/// Where an instance writes what its successor needs: bytes under names. Names that the successor
/// does not read are kept by the host and offered to its successor in turn.
struct StateWriter {
    /// The bytes are copied. A second put under a name replaces the first. `limit` when the state
    /// grows beyond what the manifest allows.
    virtual Status put(Str name, Bytes bytes) noexcept = 0;

protected:
    ~StateWriter() = default;
};

struct StateReader {
    /// The bytes under the name, or empty when there are none. Valid for the call of restore().
    virtual Bytes get(Str name) noexcept = 0;
    /// The version of the plugin that saved: "1.0.0".
    virtual Str saved_by() noexcept = 0;

protected:
    ~StateReader() = default;
};

/// "gantry.state/1", answered by Plugin::query: the little private state that does not fit into
/// components and outlives a swap. save() changes nothing: it also serves to try a candidate with.
struct StateTransfer {
    static constexpr const char* interface_id = "gantry.state/1";
    virtual Status save(StateWriter& writer) noexcept = 0;
    /// Any Status but ok gives the swap up and the old instance goes on.
    virtual Status restore(StateReader& reader) noexcept = 0;

protected:
    ~StateTransfer() = default;
};

inline constexpr std::uint32_t dependencies_max = 8;
inline constexpr std::uint32_t plugin_desc_magic = 0x4e544e47;  // "GNTN"

/// Another plugin that has to be loaded first.
struct Dependency {
    char name[48];
    char version_min[24];    ///< semantic; the same major is required as well
    std::uint32_t optional;  ///< 1: start without it when it is absent
    std::uint32_t reserved;
};

namespace facet_bits {
inline constexpr std::uint32_t world = 1;
inline constexpr std::uint32_t io = 2;
inline constexpr std::uint32_t service = 4;
}  // namespace facet_bits

using CreateFunction = Plugin* (*)() noexcept;  ///< null when out of memory

/// The only symbol a plugin exports, named `gantry_plugin`, in the section ".gantry_plugin". Inline
/// characters and fixed-width integers come first: the host reads them from the file and refuses a
/// wrong one before any code of the library runs.
struct PluginDesc {
    std::uint32_t magic;
    std::uint32_t size;  ///< sizeof(PluginDesc) of the SDK it was built with
    std::uint16_t abi_major;
    std::uint16_t abi_minor;
    std::uint32_t dependency_count;
    char name[48];     ///< [a-z0-9_-]+, unique in one host
    char version[24];  ///< semantic: "1.4.2"
    char sdk_version[16];
    char toolchain[56];    ///< for messages to people only
    std::uint32_t facets;  ///< bit 0: world, bit 1: io, bit 2: service
    std::uint32_t reserved;
    Dependency dependencies[dependencies_max];
    CreateFunction create_world;    ///< one instance per (library, world), or null
    CreateFunction create_io;       ///< one instance per (library, shard), or null
    CreateFunction create_service;  ///< one instance per library, or null
};

}  // namespace gantry
