// gantry/ecs/type_cache.h: the host's numbers and queries for the types of this library.
#pragma once
#include <stdexcept>
#include <string>
#include <vector>

#include "gantry/ecs.h"
#include "gantry/ecs/terms.h"

namespace gantry {

/// A dead handle, a missing component, a full world, a description the host refused: thrown by the
/// calls that answer a reference, and contained around every handler like any exception.
struct EcsError : std::logic_error {
    using std::logic_error::logic_error;
};

/// What a system touches, for the schedule; made by Registry::access<Ts...>().
struct SystemAccess {
    std::vector<ComponentId> reads;
    std::vector<ComponentId> writes;
};

namespace detail {

inline Entity created(Entity entity) {
    if (entity) return entity;
    throw EcsError{"create: the world is full, or a loop is running (use commands())"};
}
template <class T>
void write(T* place, const T& value) {
    if constexpr (!ComponentTraits<T>::is_tag) *place = value;
}

inline std::uint32_t next_type_index() noexcept {
    static std::uint32_t next = 0;
    return __atomic_fetch_add(&next, 1u, __ATOMIC_RELAXED);
}
/// A small number per type of this library, in the order of loading.
template <class T>
struct TypeIndex {
    inline static const std::uint32_t value = next_type_index();
};

template <class T>
std::string component_name() {
    return std::string{ComponentTraits<T>::info.name};
}

/// What one instance has registered and opened so far, by TypeIndex. [world]
class TypeCache {
public:
    explicit TypeCache(Ecs& ecs) noexcept : ecs_{&ecs} {}

    template <class T>
    Status ensure() {
        const std::uint32_t index = TypeIndex<T>::value;
        if (index < ids_.size() && ids_[index] != no_component) [[likely]]
            return Status::ok;
        if (index >= ids_.size()) ids_.resize(index + 1, no_component);
        return ComponentTraits<T>::with_desc([&](const ComponentDesc& desc) {
            return ecs_->register_component(&desc, &ids_[index]);
        });
    }

    template <class T>
    ComponentId id() {
        if (ensure<T>() != Status::ok) {
            throw EcsError{"component " + component_name<T>() +
                           " was refused by the host, see its log"};
        }
        return ids_[TypeIndex<T>::value];
    }

    /// The query for a view of type Key over Ts without Xs; null when sparse rows lead the loop.
    template <class Key, class... Ts, class... Xs>
    EcsQuery* query(const ComponentId* ids, std::tuple<Ts...>*, Exclude<Xs...>) {
        const std::uint32_t index = TypeIndex<Key>::value;
        if (index < queries_.size() && queries_[index] != nullptr) [[likely]]
            return queries_[index];
        if (index >= queries_.size()) queries_.resize(index + 1, nullptr);
        if constexpr (!(false || ... || Term<Ts>::is_sparse)) {
            QueryTerm terms[sizeof...(Ts) + sizeof...(Xs) + 1];
            QueryTerm* end = terms;
            const auto add = [&](TermKind kind, bool writes, bool sparse) {
                const TermAccess access = writes ? TermAccess::write : TermAccess::read;
                // Sparse exclusions come row by row in the loop; the host's queries know only
                // tables.
                if (!sparse) *end++ = {*ids, kind, access, {}};
                ++ids;
            };
            (add(Term<Ts>::is_optional ? TermKind::optional : TermKind::with, Term<Ts>::writes,
                 false),
             ...);
            (add(TermKind::without, false, Term<Xs>::is_sparse), ...);
            const auto count = static_cast<std::uint32_t>(end - terms);
            if (ecs_->open_query(terms, count, &queries_[index]) != Status::ok) {
                throw EcsError{"view: the host refused the query, see its log"};
            }
        }
        return queries_[index];
    }

private:
    Ecs* ecs_;
    std::vector<ComponentId> ids_;
    std::vector<EcsQuery*> queries_;  // owned by the host
};

}  // namespace detail
}  // namespace gantry
