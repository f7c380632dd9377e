// Query: a cached list of the archetypes that have some components and lack others.
#pragma once
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "gantry/ecs.h"
#include "host/ecs/archetype.h"
#include "host/ecs/limits.h"
#include "host/ecs/unsettled.h"
#include "host/platform/lent.h"

namespace gantry::ecs {

/// Shared by all owners that asked for the same terms. [world]
class Query final : public platform::Lent, public EcsQuery {
public:
    Query(std::span<const QueryTerm> terms, const EcsData& world, Unsettled& unsettled);

    const QueryData* data() const noexcept override { return &data_; }
    bool next_chunk(ChunkCursor* cursor) noexcept override;
    std::uint64_t count() const noexcept override;

    bool matches(const Archetype& archetype) const noexcept;
    /// The archetype matches and is new.
    void add(Archetype& archetype);
    /// An archetype that is in here has moved its columns.
    void refresh(const Archetype& archetype) noexcept;
    std::span<const QueryTerm> terms() const noexcept { return terms_; }

    std::vector<OwnerId> users;  ///< one entry per open()

private:
    void fill(const Archetype& archetype, ColumnEntry* columns) const noexcept;
    bool changed(const Chunk& chunk, const ColumnEntry* columns,
                 std::uint64_t since) const noexcept;

    const EcsData& world_;
    Unsettled& unsettled_;
    std::vector<QueryTerm> terms_;
    std::vector<QueryMatch> matches_;
    std::vector<Archetype*> archetypes_;  // of the matches
    std::deque<std::vector<ColumnEntry>> columns_;
    QueryData data_{};
};

/// [world]
class QueryStore {
public:
    QueryStore(const EcsData& world, Unsettled& unsettled, std::uint32_t queries_max) noexcept
        : world_{world}, unsettled_{unsettled}, queries_max_{queries_max} {}

    /// The query with these terms, made if new; null at the limit. A new one knows no archetypes.
    Query* open(OwnerId owner, std::span<const QueryTerm> terms, bool& is_new);
    /// One open() less; a query without users ends. Nothing for a stranger's query.
    void close(OwnerId owner, const EcsQuery* query,
               std::span<const std::unique_ptr<Archetype>> archetypes) noexcept;
    void close_all(OwnerId owner, std::span<const std::unique_ptr<Archetype>> archetypes) noexcept;
    std::size_t owned(OwnerId owner) const noexcept;
    std::size_t size() const noexcept { return queries_.size(); }
    void archetype_made(Archetype& archetype);

private:
    void erase_unused(std::span<const std::unique_ptr<Archetype>> archetypes) noexcept;

    const EcsData& world_;
    Unsettled& unsettled_;
    std::uint32_t queries_max_;
    std::vector<std::unique_ptr<Query>> queries_;
};

}  // namespace gantry::ecs
