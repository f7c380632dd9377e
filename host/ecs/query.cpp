#include "host/ecs/query.h"

#include <algorithm>

#include "host/core/assert.h"
#include "host/platform/given.h"

namespace gantry::ecs {
namespace {

bool same_terms(std::span<const QueryTerm> a, std::span<const QueryTerm> b) noexcept {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const auto& x, const auto& y) {
        return x.component == y.component && x.kind == y.kind && x.access == y.access;
    });
}

}  // namespace

Query::Query(std::span<const QueryTerm> terms, const EcsData& world, Unsettled& unsettled)
    : Lent{"a query"}, world_{world}, unsettled_{unsettled}, terms_{terms.begin(), terms.end()} {
    data_.term_count = static_cast<std::uint32_t>(terms.size());
}

bool Query::matches(const Archetype& archetype) const noexcept {
    return std::all_of(terms_.begin(), terms_.end(), [&](const QueryTerm& term) {
        if (term.kind == TermKind::optional) return true;
        return archetype.has(term.component) == (term.kind == TermKind::with);
    });
}

void Query::fill(const Archetype& archetype, ColumnEntry* columns) const noexcept {
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        const ComponentId id = terms_[i].component;
        columns[i] = archetype.has(id) ? archetype.entries[id] : ColumnEntry{0, 0, 0};
    }
}

void Query::add(Archetype& archetype) {
    std::vector<ColumnEntry>& columns = columns_.emplace_back(terms_.size() + 1);
    fill(archetype, columns.data());
    matches_.push_back({&archetype.table, columns.data()});
    archetypes_.push_back(&archetype);
    archetype.queries.push_back(this);
    data_.matches = matches_.data();
    data_.match_count = static_cast<std::uint32_t>(matches_.size());
}

void Query::refresh(const Archetype& archetype) noexcept {
    const auto found = std::find(archetypes_.begin(), archetypes_.end(), &archetype);
    GANTRY_ASSERT(found != archetypes_.end());
    fill(archetype, columns_[static_cast<std::size_t>(found - archetypes_.begin())].data());
}

bool Query::changed(const Chunk& chunk, const ColumnEntry* columns,
                    std::uint64_t since) const noexcept {
    for (std::size_t i = 0; i < terms_.size(); ++i) {
        if (columns[i].offset != 0 && chunk_ticks(&chunk)[columns[i].slot].written > since)
            return true;
    }
    return false;
}

bool Query::next_chunk(ChunkCursor* cursor) noexcept {
    platform::look_into_one(cursor);
    for (; cursor->match < matches_.size(); ++cursor->match, cursor->chunk = 0) {
        const QueryMatch& match = matches_[cursor->match];
        while (cursor->chunk < match.table->chunk_count) {
            Chunk* const chunk = match.table->chunks[cursor->chunk++];
            const std::uint64_t since = cursor->changed_since;
            if (since != 0 && !changed(*chunk, match.columns, since)) continue;
            unsettled_.touch(*chunk);
            cursor->count = chunk->count;
            cursor->entities = chunk_entities(chunk);
            for (std::size_t i = 0; i < terms_.size(); ++i) {
                const ColumnEntry& column = match.columns[i];
                cursor->columns[i] = column.offset == 0
                                         ? nullptr
                                         : reinterpret_cast<std::byte*>(chunk) + column.offset;
                if (terms_[i].access == TermAccess::write && column.offset != 0) {
                    chunk_ticks(chunk)[column.slot] = {world_.tick, world_.tick};
                }
            }
            return true;
        }
    }
    return false;
}

std::uint64_t Query::count() const noexcept {
    std::uint64_t rows = 0;
    for (const Archetype* archetype : archetypes_) rows += archetype->rows;
    return rows;
}

Query* QueryStore::open(OwnerId owner, std::span<const QueryTerm> terms, bool& is_new) {
    is_new = false;
    for (const auto& query : queries_) {
        if (!same_terms(query->terms(), terms)) continue;
        query->users.push_back(owner);
        return query.get();
    }
    if (queries_.size() >= queries_max_) return nullptr;
    is_new = true;
    queries_.push_back(std::make_unique<Query>(terms, world_, unsettled_));
    queries_.back()->users.push_back(owner);
    return queries_.back().get();
}

void QueryStore::close(OwnerId owner, const EcsQuery* query,
                       std::span<const std::unique_ptr<Archetype>> archetypes) noexcept {
    for (const auto& one : queries_) {
        if (one.get() != query) continue;
        const auto user = std::find(one->users.begin(), one->users.end(), owner);
        if (user != one->users.end()) one->users.erase(user);
    }
    erase_unused(archetypes);
}

void QueryStore::close_all(OwnerId owner,
                           std::span<const std::unique_ptr<Archetype>> archetypes) noexcept {
    for (const auto& one : queries_) std::erase(one->users, owner);
    erase_unused(archetypes);
}

void QueryStore::erase_unused(std::span<const std::unique_ptr<Archetype>> archetypes) noexcept {
    const auto unused = [](const Query* query) { return query->users.empty(); };
    for (const auto& archetype : archetypes) std::erase_if(archetype->queries, unused);
    std::erase_if(queries_, [&](const auto& query) { return unused(query.get()); });
}

std::size_t QueryStore::owned(OwnerId owner) const noexcept {
    std::size_t count = 0;
    for (const auto& one : queries_)
        count += std::count(one->users.begin(), one->users.end(), owner);
    return count;
}

void QueryStore::archetype_made(Archetype& archetype) {
    for (const auto& query : queries_) {
        if (query->matches(archetype)) query->add(archetype);
    }
}

}  // namespace gantry::ecs
