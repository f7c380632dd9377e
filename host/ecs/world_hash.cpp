// World::hash and World::collect_changed: passes over all that a world holds.
#include <bit>
#include <cstring>

#include "host/ecs/parts.h"

namespace gantry::ecs {
namespace {

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
    std::uint64_t x = a ^ (b + 0x9e3779b97f4a7c15ull + (a << 6) + (a >> 2));
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
    return x ^ (x >> 31);
}

std::uint64_t hash_bytes(std::uint64_t seed, const std::byte* bytes, std::size_t count) noexcept {
    for (; count >= 8; bytes += 8, count -= 8) {
        std::uint64_t word;
        std::memcpy(&word, bytes, 8);
        seed = mix(seed, word);
    }
    std::uint64_t rest = count;
    for (std::size_t i = 0; i < count; ++i) rest = rest << 8 | static_cast<std::uint64_t>(bytes[i]);
    return mix(seed, rest);
}

std::uint64_t hash_name(const Schema& schema) noexcept {
    return hash_bytes(schema.version, reinterpret_cast<const std::byte*>(schema.name.data()),
                      schema.name.size());
}

// Only the fields: what lies between them may hold anything.
std::uint64_t hash_value(std::uint64_t seed, const Schema& schema,
                         const std::byte* value) noexcept {
    if (schema.fields.empty()) return hash_bytes(seed, value, schema.size);
    for (const Field& field : schema.fields) {
        seed = hash_bytes(seed, value + field.offset, field.bytes());
    }
    return seed;
}

}  // namespace

// A sum over values, so that the order of storage does not matter.
std::uint64_t World::hash() const {
    parts_->unsettled.settle_all();
    std::uint64_t sum = mix(parts_->entities.alive_count(), 1);
    for (const auto& archetype : parts_->tables.archetypes()) {
        for (const Chunk* chunk : archetype->chunks) {
            for (std::uint32_t row = 0; row < chunk->count; ++row) {
                sum += mix(chunk_entities(chunk)[row].value, 2);
            }
        }
        for (const Column& column : archetype->columns) {
            const Schema& schema = parts_->components[column.component].schema;
            const std::uint64_t name = hash_name(schema);
            for (Chunk* chunk : archetype->chunks) {
                for (std::uint32_t row = 0; row < chunk->count; ++row) {
                    const std::uint64_t seed = mix(chunk_entities(chunk)[row].value, name);
                    sum += hash_value(seed, schema, column_row(chunk, column, row));
                }
            }
        }
    }
    for (const ComponentId id : parts_->sparse.components()) {
        const SparseSet& set = *parts_->sparse.find(id);
        const Schema& schema = parts_->components[id].schema;
        const std::uint64_t name = hash_name(schema);
        for (std::uint32_t row = 0; row < set.data().count; ++row) {
            sum += hash_value(mix(set.entities()[row].value, name), schema, set.at(row));
        }
    }
    for (const Resource& resource : parts_->resources.all()) {
        const Schema& schema = parts_->components[resource.id].schema;
        sum += hash_value(mix(3, hash_name(schema)), schema, resource.value.get());
    }
    return sum;
}

namespace {

// Appends the rows whose bit is set, or all of them, and clears the bits.
void take_dirty(std::uint64_t* bits, const Entity* entities, std::uint32_t count, bool all,
                std::vector<Entity>& out) {
    for (std::uint32_t word = 0; word < dirty_words(count); ++word) {
        std::uint64_t left = std::exchange(bits[word], 0);
        if (all) continue;
        for (; left != 0; left &= left - 1) {
            out.push_back(entities[word * 64 + static_cast<std::uint32_t>(std::countr_zero(left))]);
        }
    }
    if (all) out.insert(out.end(), entities, entities + count);
}

}  // namespace

Status World::collect_changed(ComponentId component, std::vector<Entity>& out) {
    Component* const known = parts_->components.find(component);
    if (known == nullptr || !known->schema.replicated) return Status::invalid;
    const std::uint64_t since = std::exchange(known->collected_tick, mark());
    if (SparseSet* const set = parts_->sparse.find(component)) {
        if (set->data().dirty == nullptr) return Status::ok;
        const bool all = set->data().ticks.bulk > since;
        take_dirty(set->data().dirty, set->entities().data(), set->data().count, all, out);
        return Status::ok;
    }
    for (const auto& archetype : parts_->tables.archetypes()) {
        if (!archetype->has(component)) continue;
        const std::uint32_t slot = archetype->entries[component].slot;
        for (Chunk* chunk : archetype->chunks) {
            const ColumnTicks& ticks = chunk_ticks(chunk)[slot];
            if (ticks.written <= since) continue;
            take_dirty(dirty_bits(chunk, archetype->columns[slot]), chunk_entities(chunk),
                       chunk->count, ticks.bulk > since, out);
        }
    }
    return Status::ok;
}

}  // namespace gantry::ecs
