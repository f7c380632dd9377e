// gantry/ecs/view.h: typed loops over the entities that have some components and lack others.
//     registry.view<Position, const Velocity>(exclude<Frozen>).each(
//         [](Entity, Position& p, const Velocity& v) { p.x += v.x; });
// Naming a component without const marks it as changed in every chunk that is visited.
#pragma once
#include <memory>
#include <span>
#include <tuple>

#include "gantry/ecs.h"
#include "gantry/ecs/access.h"
#include "gantry/ecs/terms.h"

namespace gantry {

template <class Included, class Excluded>
class View;

/// Cheap to make, in every call anew. Not to be kept over a structural change. [world]
template <class... Ts, class... Xs>
class View<std::tuple<Ts...>, Exclude<Xs...>> {
    template <class T>
    using Term = detail::Term<T>;

public:
    /// Ids of Ts and then of Xs. `query` has the table terms in the order of Ts, null if none.
    View(EcsData* world, const EcsQuery* query, const ComponentId* ids) noexcept
        : world_{world}, query_{query} {
        for (std::size_t i = 0; i < sizeof...(Ts) + sizeof...(Xs); ++i) ids_[i] = ids[i];
    }

    /// Calls `f(Entity, T&...)` or `f(T&...)` for every row.
    template <class F>
    void each(F&& f) const {
        if constexpr (has_sparse) {
            each_sparse(f, std::index_sequence_for<Ts...>{});
        } else {
            for_chunks([&](std::size_t count, const Entity* entities, auto*... columns) {
                if constexpr (!sparse_excluded) {
                    detail::each_row<Ts...>(f, count, entities, columns...);
                } else {
                    for (std::size_t i = 0; i < count; ++i) {
                        if (excluded(entities[i], std::index_sequence_for<Xs...>{})) continue;
                        detail::each_row<Ts...>(f, 1, entities + i,
                                                (columns == nullptr ? columns : columns + i)...);
                    }
                }
            });
        }
    }

    /// Calls `f(std::span<const Entity>, std::span<T>...)` for every chunk. Table storage only.
    template <class F>
    void each_chunk(F&& f) const {
        static_assert(!has_sparse && !sparse_excluded);
        static_assert(!(false || ... || (Term<Ts>::is_optional || Term<Ts>::is_tag)));
        for_chunks([&](std::size_t count, const Entity* entities, auto*... columns) {
            f(std::span{entities, count}, std::span{columns, count}...);
        });
    }

    /// The same rows, but only in chunks where one of Ts was written after `tick` (Registry::mark).
    View changed_since(std::uint64_t tick) const noexcept {
        static_assert(!has_sparse, "chunks are what is skipped, and sparse components have none");
        View copy = *this;
        copy.changed_since_ = tick;
        return copy;
    }

    /// Rows that match; counted one by one where sparse storage is involved.
    std::uint64_t size() const {
        std::uint64_t rows = 0;
        constexpr std::index_sequence_for<Xs...> excludes{};
        if constexpr (has_sparse) {
            each_sparse_entity([&](Entity) { ++rows; }, std::index_sequence_for<Ts...>{}, excludes);
        } else if constexpr (sparse_excluded) {
            for_chunks<false>([&](std::size_t count, const Entity* entities, auto*...) {
                for (std::size_t i = 0; i < count; ++i) rows += !excluded(entities[i], excludes);
            });
        } else {
            rows = query_->count();
        }
        return rows;
    }

private:
    static constexpr bool has_sparse = (false || ... || Term<Ts>::is_sparse);
    static constexpr bool sparse_excluded = (false || ... || Term<Xs>::is_sparse);
    static constexpr std::size_t ids_count = sizeof...(Ts) + sizeof...(Xs);

    template <bool Mark = true, class F>
    void for_chunks(F&& f) const {
        const detail::LoopGuard guard{world_};
        const QueryData* const found = query_->data();
        for (std::uint32_t m = 0; m < found->match_count; ++m) {
            const QueryMatch match = found->matches[m];
            for (std::uint32_t c = 0; c < match.table->chunk_count; ++c) {
                visit<Mark>(f, match.table->chunks[c], match.columns,
                            std::index_sequence_for<Ts...>{});
            }
        }
    }

    template <bool Mark, class F, std::size_t... I>
    void visit(F& f, Chunk* chunk, const ColumnEntry* columns, std::index_sequence<I...>) const {
        ColumnTicks* const ticks = chunk_ticks(chunk);
        if (changed_since_ != 0 && !(false || ... ||
                                     (columns[I].offset != 0 && !Term<Ts>::is_tag &&
                                      ticks[columns[I].slot].written > changed_since_))) {
            return;
        }
        const auto mark = [&](bool writes, const ColumnEntry& column) {
            if (writes && column.offset != 0) ticks[column.slot] = {world_->tick, world_->tick};
        };
        (mark(Mark && Term<Ts>::writes, columns[I]), ...);
        f(std::size_t{chunk->count}, chunk_entities(chunk), column<Ts>(chunk, columns[I])...);
    }

    template <class T>
    static typename Term<T>::Value* column(Chunk* chunk, const ColumnEntry& entry) noexcept {
        if (Term<T>::is_optional && entry.offset == 0) return nullptr;
        auto* const bytes = reinterpret_cast<std::byte*>(chunk) + entry.offset;
        return reinterpret_cast<typename Term<T>::Value*>(std::assume_aligned<64>(bytes));
    }

    template <class F, std::size_t... I>
    void each_sparse(F& f, std::index_sequence<I...> includes) const {
        const auto call = [&](Entity entity) {
            detail::call_with_row(
                f, entity,
                std::tuple_cat(detail::row_argument<Ts>(row_of<Ts>(entity, ids_[I]), 0)...));
        };
        each_sparse_entity(call, includes, std::index_sequence_for<Xs...>{});
    }

    // Sparse rows are few: walk the first sparse set and look the rest up.
    template <class F, std::size_t... I, std::size_t... X>
    void each_sparse_entity(F&& f, std::index_sequence<I...>,
                            std::index_sequence<X...> excludes) const {
        std::size_t lead = sizeof...(Ts);
        ((lead = Term<Ts>::is_sparse && lead == sizeof...(Ts) ? I : lead), ...);
        const detail::LoopGuard guard{world_};
        const SparseData* const set = world_->sparse[ids_[lead]];
        for (std::uint32_t row = 0; row < set->count; ++row) {
            const Entity entity = set->entities[row];
            if ((true && ... && has<Ts>(entity, ids_[I])) && !excluded(entity, excludes)) f(entity);
        }
    }

    template <class T>
    bool has(Entity entity, ComponentId id) const noexcept {
        return Term<T>::is_optional ||
               detail::find_row<Term<T>::is_sparse>(world_, entity, id, 0) != nullptr;
    }
    template <class T>
    typename Term<T>::Value* row_of(Entity entity, ComponentId id) const noexcept {
        using Value = typename Term<T>::Value;
        constexpr std::size_t bytes = Term<T>::is_tag ? 0 : sizeof(Value);
        if constexpr (Term<T>::writes) {
            return reinterpret_cast<Value*>(
                detail::find_row_mut<Term<T>::is_sparse>(world_, entity, id, bytes));
        } else {
            return reinterpret_cast<Value*>(const_cast<std::byte*>(
                detail::find_row<Term<T>::is_sparse>(world_, entity, id, bytes)));
        }
    }
    template <std::size_t... X>
    bool excluded([[maybe_unused]] Entity entity, std::index_sequence<X...>) const noexcept {
        return (false || ... ||
                (detail::find_row<Term<Xs>::is_sparse>(world_, entity, ids_[sizeof...(Ts) + X],
                                                       0) != nullptr));
    }

    EcsData* world_;
    const EcsQuery* query_;
    std::uint64_t changed_since_ = 0;
    ComponentId ids_[ids_count > 0 ? ids_count : 1] = {};
};

}  // namespace gantry
