// gantry/ecs/registry.h: the entities of a world, typed; names that EnTT's users know.
#pragma once
#include <span>
#include <utility>
#include <vector>

#include "gantry/ecs.h"
#include "gantry/ecs/access.h"
#include "gantry/ecs/commands.h"
#include "gantry/ecs/type_cache.h"
#include "gantry/ecs/view.h"

namespace gantry {

/// One instance's typed access to one world. Components are registered when first named, or by
/// use<Ts...>() in setup(): only a new layout that is registered there is migrated at the swap, a
/// later one is refused. References to components hold until the next structural change. [world]
class Registry {
public:
    explicit Registry(Ecs& ecs) noexcept : ecs_{&ecs}, data_{ecs.data()}, types_{ecs} {}
    Registry(const Registry&) = delete;
    Registry& operator=(const Registry&) = delete;

    /// Registers; the status of the first that was refused (the log says why).
    template <class... Ts>
    Status use() {
        Status status = Status::ok;
        ((status == Status::ok ? void(status = types_.ensure<Ts>()) : void()), ...);
        return status;
    }
    /// The host's number of a component type.
    template <class T>
    ComponentId id() {
        return types_.id<T>();
    }

    bool valid(Entity entity) const noexcept { return detail::alive(data_, entity); }

    /// A new entity with these components. Throws when the world is full.
    template <class... Ts>
    Entity create(const Ts&... values) {
        const ComponentId ids[sizeof...(Ts) + 1] = {id<Ts>()...};
        if constexpr ((false || ... || ComponentTraits<Ts>::is_sparse)) {
            const Entity entity = detail::created(ecs_->create_entity(ids, sizeof...(Ts)));
            (detail::write(try_get<Ts>(entity), values), ...);
            return entity;
        } else {
            static_assert(sizeof...(Ts) <= query_terms_max);
            ChunkCursor row;
            if (ecs_->create_rows(ids, sizeof...(Ts), 1, &row) != Status::ok)
                detail::created(Entity{});
            [[maybe_unused]] void** column = row.columns;
            (detail::write(static_cast<Ts*>(*column++), values), ...);
            return *row.entities;
        }
    }
    /// False when it was dead already, or a loop is running.
    bool destroy(Entity entity) noexcept { return destroy(std::span{&entity, 1}) == 1; }
    std::uint64_t destroy(std::span<const Entity> entities) noexcept {
        std::uint64_t destroyed = 0;
        (void)ecs_->destroy_entities(entities.data(), entities.size(), &destroyed);
        return destroyed;
    }

    /// Adds the component; throws when the entity has it.
    template <class T, class... Args>
    T& emplace(Entity entity, Args&&... args) {
        if (all_of<T>(entity))
            throw EcsError{"emplace: the entity has a " + detail::component_name<T>()};
        return emplace_or_replace<T>(entity, std::forward<Args>(args)...);
    }
    template <class T, class... Args>
    T& emplace_or_replace(Entity entity, Args&&... args) {
        const T value{std::forward<Args>(args)...};
        void* const place = ecs_->add_component(entity, id<T>(), &value);
        if (place == nullptr) {
            throw EcsError{"emplace " + detail::component_name<T>() +
                           ": the entity is dead, the world full, or a loop is running"};
        }
        return *static_cast<T*>(place);
    }
    /// One value for many, in bulk; dead handles are passed over.
    template <class T>
    Status insert(std::span<const Entity> entities, const T& value) {
        return ecs_->add_components(entities.data(), entities.size(), id<T>(), &value, 0);
    }
    /// How many of `entities` had it.
    template <class T>
    std::uint64_t remove(std::span<const Entity> entities) {
        std::uint64_t removed = 0;
        (void)ecs_->remove_components(entities.data(), entities.size(), id<T>(), &removed);
        return removed;
    }
    template <class T>
    bool remove(Entity entity) {
        return remove<T>(std::span<const Entity>{&entity, 1}) == 1;
    }

    /// Null when dead or without it. Without const the row is marked as changed.
    template <class T>
    T* try_get(Entity entity) {
        using Traits = ComponentTraits<std::remove_const_t<T>>;
        const ComponentId component = id<std::remove_const_t<T>>();
        constexpr std::size_t bytes = Traits::is_tag ? 0 : sizeof(T);
        if constexpr (std::is_const_v<T>) {
            return reinterpret_cast<T*>(
                detail::find_row<Traits::is_sparse>(data_, entity, component, bytes));
        } else {
            return reinterpret_cast<T*>(
                detail::find_row_mut<Traits::is_sparse>(data_, entity, component, bytes));
        }
    }
    template <class T>
    T& get(Entity entity) {
        T* const found = try_get<T>(entity);
        if (found == nullptr) {
            throw EcsError{"get: the entity is dead or has no " +
                           detail::component_name<std::remove_const_t<T>>()};
        }
        return *found;
    }
    template <class... Ts>
    bool all_of(Entity entity) {
        return (... && (try_get<const Ts>(entity) != nullptr));
    }
    template <class... Ts>
    bool any_of(Entity entity) {
        return (... || (try_get<const Ts>(entity) != nullptr));
    }

    /// See gantry/ecs/view.h. The query behind it is opened once and kept.
    template <class... Ts, class... Xs>
    auto view(Exclude<Xs...> = {}) {
        using Made = View<std::tuple<Ts...>, Exclude<Xs...>>;
        const ComponentId ids[] = {id<typename detail::Term<Ts>::Type>()..., id<Xs>()..., 0};
        constexpr std::tuple<Ts...>* terms = nullptr;
        return Made{data_, types_.query<Made>(ids, terms, Exclude<Xs...>{}), ids};
    }

    /// What a system over these types touches: access<Position, const Velocity>().
    template <class... Ts>
    SystemAccess access() {
        SystemAccess out;
        ((detail::Term<Ts>::writes ? out.writes : out.reads)
             .push_back(id<typename detail::Term<Ts>::Type>()),
         ...);
        return out;
    }

    /// See Ecs::mark and View::changed_since.
    std::uint64_t mark() noexcept { return ecs_->mark(); }

    /// A value the world keeps one of, beyond this plugin's life; described like a component.
    template <class T>
    T& set_resource(const T& value = T{}) {
        return stored(static_cast<T*>(ecs_->set_resource(id<T>(), &value)));
    }
    /// As it is, or with its defaults when the world has none yet.
    template <class T>
    T& init_resource() {
        return stored(static_cast<T*>(ecs_->set_resource(id<T>(), nullptr)));
    }
    /// Null when nobody has set it.
    template <class T>
    T* resource() {
        if constexpr (std::is_const_v<T>) {
            return static_cast<T*>(ecs_->resource(id<std::remove_const_t<T>>()));
        } else {
            return static_cast<T*>(ecs_->resource_mut(id<T>()));
        }
    }
    template <class T>
    bool remove_resource() {
        return ecs_->remove_resource(id<T>()) == Status::ok;
    }

    /// Changes for later, allowed inside a loop; applied when the call into this plugin returns.
    Commands commands() noexcept { return Commands{*ecs_->commands(), types_}; }
    /// Applies them now.
    Status flush() noexcept { return ecs_->flush_commands(); }

    Ecs& raw() noexcept { return *ecs_; }

private:
    template <class T>
    static T& stored(T* place) {
        if (place == nullptr)
            throw EcsError{"resource " + detail::component_name<T>() + " was refused"};
        return *place;
    }

    Ecs* ecs_;
    EcsData* data_;
    detail::TypeCache types_;
};

}  // namespace gantry
