// gantry/runtime.h: "gantry.runtime/1", what every instance may ask wherever it runs.
#pragma once
#include "gantry/types.h"

namespace gantry {

enum class LogLevel : std::uint32_t { trace, debug, info, warn, error };
enum class Facet : std::uint32_t { world = 1, io = 2, service = 3 };

/// Who an instance is. The texts are valid until stop().
struct InstanceInfo {
    Str plugin;
    Str version;
    std::uint32_t generation = 0;  ///< counts the loads of this plugin name in this process
    Facet facet = Facet::world;
    WorldId world;            ///< of a world facet
    std::uint32_t shard = 0;  ///< of an io facet
    Str world_name;
};

struct Runtime {
    static constexpr const char* interface_id = "gantry.runtime/1";

    /// One line in the host's log, stamped with plugin@version#generation. Copied. [any thread]
    virtual void log(LogLevel level, Str text) noexcept = 0;
    /// Monotonic time. In a world: of the current turn, so that a recording replays. [own thread]
    virtual TimeNs now() noexcept = 0;
    /// Nanoseconds since 1970 UTC. [own thread]
    virtual TimeNs wall_now() noexcept = 0;
    /// Seeded chance, the same in a replay. Never for keys, nonces or tokens. [own thread]
    virtual std::uint64_t random() noexcept = 0;
    virtual InstanceInfo self() noexcept = 0;
    /// The plugin's "config" of the manifest as JSON text, "{}" when it has none. Valid until
    /// stop().
    virtual Str config() noexcept = 0;
    /// Tells the host that this instance failed at `where` ("on<Move>"): counted, logged, and
    /// during probation a reason to roll back. gantry/gantry.h calls it for whatever your code
    /// throws.
    virtual void report_failure(Str where, Str what) noexcept = 0;

protected:
    ~Runtime() = default;
};

}  // namespace gantry
