// gantry/ecs/commands.h: structural changes written down inside a loop or a parallel system.
#pragma once
#include <tuple>

#include "gantry/ecs.h"
#include "gantry/ecs/type_cache.h"

namespace gantry {

/// Records; the host applies in the order of recording, in bulk where neighbours are alike: record
/// all of one kind together where speed matters. A command on an entity that is dead by then does
/// nothing. Every call answers false, and the host counts it, when the buffer's limit is reached.
class Commands {
public:
    Commands(EcsCommands& raw, detail::TypeCache& types) noexcept : raw_{&raw}, types_{&types} {}

    /// An entity to be, with these components. Its handle may be stored at once. Zero at a limit.
    template <class... Ts>
    Entity create(const Ts&... values);

    /// The component with this value, over what was there.
    template <class T>
    bool emplace(Entity entity, const T& value = T{});

    template <class T>
    bool remove(Entity entity);

    bool destroy(Entity entity) noexcept {
        return begin(CommandOp::destroy, no_component, entity, 0) != nullptr;
    }

private:
    static constexpr std::uint32_t padded(std::size_t bytes) noexcept {
        return static_cast<std::uint32_t>((bytes + 7) & ~std::size_t{7});
    }
    template <class T>
    static constexpr std::uint32_t bytes_of = ComponentTraits<T>::is_tag ? 0 : sizeof(T);

    /// Where the value goes, or null at the limit.
    std::byte* begin(CommandOp op, ComponentId component, Entity entity,
                     std::uint32_t value_bytes) noexcept {
        const auto bytes = static_cast<std::uint32_t>(sizeof(CommandHead)) + padded(value_bytes);
        CommandData* const data = raw_->data();
        if (data->capacity - data->size < bytes && raw_->grow(bytes) != Status::ok) return nullptr;
        const CommandHead head{op, component, value_bytes, bytes, entity};
        std::byte* const at = data->bytes + data->size;
        std::memcpy(at, &head, sizeof head);
        data->size += bytes;
        return at + sizeof head;
    }

    EcsCommands* raw_;
    detail::TypeCache* types_;
};

template <class... Ts>
Entity Commands::create(const Ts&... values) {
    constexpr std::uint32_t ids_bytes = padded(sizeof...(Ts) * sizeof(ComponentId));
    const ComponentId ids[sizeof...(Ts) + 1] = {types_->id<Ts>()...};
    std::byte* at =
        begin(CommandOp::spawn, sizeof...(Ts), Entity{}, (ids_bytes + ... + padded(bytes_of<Ts>)));
    if (at == nullptr) return Entity{};
    const Entity entity = raw_->reserve();
    std::memcpy(at - sizeof(Entity), &entity, sizeof entity);  // the last field of CommandHead
    std::memcpy(at, ids, sizeof...(Ts) * sizeof(ComponentId));
    at += ids_bytes;
    ((std::memcpy(at, &values, bytes_of<Ts>), at += padded(bytes_of<Ts>)), ...);
    return entity;
}

template <class T>
bool Commands::emplace(Entity entity, const T& value) {
    std::byte* const at = begin(CommandOp::add, types_->id<T>(), entity, bytes_of<T>);
    if (at != nullptr) std::memcpy(at, &value, bytes_of<T>);
    return at != nullptr;
}

template <class T>
bool Commands::remove(Entity entity) {
    return begin(CommandOp::remove, types_->id<T>(), entity, 0) != nullptr;
}

}  // namespace gantry
