// gantry/ecs.h: the raw interface to the entities of a world. gantry/ecs/registry.h is its comfort.
#pragma once
#include "gantry/ecs/data.h"
#include "gantry/ecs/desc.h"

namespace gantry {

enum class TermKind : std::uint8_t { with = 0, without = 1, optional = 2 };
enum class TermAccess : std::uint8_t { none = 0, read = 1, write = 2 };

/// One demand of a query, on a component in table storage.
struct QueryTerm {
    ComponentId component = no_component;
    TermKind kind = TermKind::with;
    TermAccess access = TermAccess::read;  ///< `write` marks the chunks visited as changed
    std::uint8_t reserved[2] = {};
};

/// A cached query: kept current by the host as archetypes and chunks come and go. [world]
struct EcsQuery {
    /// What matches now. The address holds until the query is closed; what it points to until
    /// the next structural change. A loop over it must mark what it writes (ColumnTicks).
    virtual const QueryData* data() const noexcept = 0;

    /// Puts the next chunk that has rows into `cursor`; false after the last. Chunks of terms with
    /// write access are marked as written now. No structural change may come between two calls.
    virtual bool next_chunk(ChunkCursor* cursor) noexcept = 0;

    /// Rows that match now.
    virtual std::uint64_t count() const noexcept = 0;

protected:
    ~EcsQuery() = default;
};

/// Structural changes written down now and made later, in order, in bulk. [world]
struct EcsCommands {
    /// The memory that records are written to. The address holds as long as the buffer.
    virtual CommandData* data() noexcept = 0;

    /// Makes room for `bytes` more. `limit` when the buffer may not grow: the command is lost and
    /// counted.
    virtual Status grow(std::uint32_t bytes) noexcept = 0;

    /// A handle for a `spawn` to come: valid() at once, without components until the buffer is
    /// applied. Zero when the world is full.
    virtual Entity reserve() noexcept = 0;

protected:
    ~EcsCommands() = default;
};

/// The entities, components and resources of one world, as one instance sees them: what it
/// registers here is filed under it and dropped with it. Structural calls (create, destroy, add,
/// remove, flush) answer `refused` inside a loop; use commands() there. Every pointer to a
/// component holds until the next structural change. [world]
struct Ecs {
    static constexpr const char* interface_id = "gantry.ecs/1";

    /// Makes the component known and this instance its user. Equal descriptions share one id.
    /// `refused` when another user has it with another layout; the log names the differing field.
    virtual Status register_component(const ComponentDesc* desc, ComponentId* out) noexcept = 0;
    /// no_component when this world does not know the name.
    virtual ComponentId find_component(Str name) const noexcept = 0;
    virtual EcsData* data() noexcept = 0;

    /// Makes at most `wanted` entities in one chunk, with default values, to be written through
    /// `rows` (columns in the order of `components`). Call again for the rest. `limit` at
    /// entities_max or archetypes_max. At most query_terms_max components, all in tables.
    virtual Status create_rows(const ComponentId* components, std::uint32_t component_count,
                               std::uint64_t wanted, ChunkCursor* rows) noexcept = 0;
    /// One entity with default values of any components; zero when refused or full.
    virtual Entity create_entity(const ComponentId* components,
                                 std::uint32_t component_count) noexcept = 0;
    virtual bool valid(Entity entity) const noexcept = 0;
    /// Dead handles are passed over. Answers in `destroyed` (may be null) how many lived.
    virtual Status destroy_entities(const Entity* entities, std::uint64_t count,
                                    std::uint64_t* destroyed) noexcept = 0;

    /// The component's place, holding `*value`, or the default if it is new and `value` is null.
    /// Null when the entity is dead, the id unknown, the call refused or a limit reached.
    virtual void* add_component(Entity entity, ComponentId component,
                                const void* value) noexcept = 0;
    /// As above, in bulk. `values` steps by `stride` bytes; 0 gives all the same value. Entities
    /// that have the component already are written over when `values` is not null.
    virtual Status add_components(const Entity* entities, std::uint64_t count,
                                  ComponentId component, const void* values,
                                  std::uint32_t stride) noexcept = 0;
    /// Answers in `removed` (may be null) how many had it.
    virtual Status remove_components(const Entity* entities, std::uint64_t count,
                                     ComponentId component, std::uint64_t* removed) noexcept = 0;
    /// Null when dead or without it.
    virtual const void* get_component(Entity entity, ComponentId component) const noexcept = 0;
    /// The same, marked as changed now.
    virtual void* get_component_mut(Entity entity, ComponentId component) noexcept = 0;

    /// `invalid` for an unknown id, for two terms on one component or for a sparse one.
    virtual Status open_query(const QueryTerm* terms, std::uint32_t term_count,
                              EcsQuery** out) noexcept = 0;
    virtual void close_query(EcsQuery* query) noexcept = 0;

    /// The tick up to now; every write after this call is later. For ChunkCursor::changed_since.
    virtual std::uint64_t mark() noexcept = 0;

    /// A singleton described like a component, kept by the world until removed, also over a swap.
    /// `value` null gives a new one its default and leaves an old one as it is. Its address holds
    /// until it is removed or its layout migrated. Null when the id is unknown.
    virtual void* set_resource(ComponentId resource, const void* value) noexcept = 0;
    /// Null when not set.
    virtual const void* resource(ComponentId resource) const noexcept = 0;
    virtual void* resource_mut(ComponentId resource) noexcept = 0;
    virtual Status remove_resource(ComponentId resource) noexcept = 0;

    /// This instance's own buffer; the host applies it when the call into the plugin returns.
    virtual EcsCommands* commands() noexcept = 0;
    /// Applies it now.
    virtual Status flush_commands() noexcept = 0;

protected:
    ~Ecs() = default;
};

}  // namespace gantry
