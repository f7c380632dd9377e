// World::apply: recorded commands, read with distrust and carried out in runs.
#include <algorithm>
#include <cstring>

#include "host/ecs/parts.h"
#include "host/ecs/row_copy.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t padded(std::uint64_t bytes) noexcept {
    return static_cast<std::uint32_t>((bytes + 7) & ~std::uint64_t{7});
}

/// Steps over the records of a buffer.
class CommandReader {
public:
    explicit CommandReader(const CommandData& data) noexcept : data_{data} {}

    /// False at the end, and at a record that does not fit the buffer.
    bool read(CommandHead& head) noexcept {
        if (data_.size - at_ < sizeof(CommandHead)) return false;
        std::memcpy(&head, data_.bytes + at_, sizeof head);
        const std::uint64_t needed = sizeof(CommandHead) + std::uint64_t{padded(head.value_bytes)};
        return head.value_bytes <= data_.size && head.record_bytes == needed &&
               needed <= data_.size - at_;
    }
    void skip(const CommandHead& head) noexcept { at_ += head.record_bytes; }
    const std::byte* value() const noexcept { return data_.bytes + at_ + sizeof(CommandHead); }
    bool done() const noexcept { return at_ == data_.size; }

private:
    const CommandData& data_;
    std::uint32_t at_ = 0;
};

/// The ids of a spawn, checked: known, and as long as the record says. False when malformed.
bool read_spawn(const Parts& parts, const CommandHead& head, const std::byte* value,
                std::vector<ComponentId>& ids) {
    const std::uint64_t ids_bytes = std::uint64_t{head.component} * sizeof(ComponentId);
    if (ids_bytes > head.value_bytes) return false;
    ids.resize(head.component);
    if (!ids.empty()) std::memcpy(ids.data(), value, ids_bytes);
    std::uint64_t needed = padded(ids_bytes);
    for (const ComponentId id : ids) {
        const Component* const known = parts.components.find(id);
        if (known == nullptr) return false;
        needed += padded(known->schema.size);
    }
    return needed == head.value_bytes;
}

/// Carries out one run of like commands after the other. [world]
class CommandRunner {
public:
    CommandRunner(World& world, const CommandData& data) noexcept
        : world_{world}, parts_{world.parts()}, reader_{data} {}

    Status run() {
        Status worst = Status::ok;
        CommandHead head;
        while (reader_.read(head)) {
            const Status status = head.op == CommandOp::spawn ? spawn(head) : change(head);
            if (status == Status::invalid) return status;
            if (status != Status::ok) worst = status;
        }
        return reader_.done() ? worst : Status::invalid;
    }

private:
    Status spawn(CommandHead head) {
        std::vector<ComponentId>& ids = parts_.batch_ids;
        if (!read_spawn(parts_, head, reader_.value(), ids)) return Status::invalid;
        std::vector<ComponentId> sparse;
        const auto archetype = parts_.archetype_for(ids, &sparse);
        if (!archetype) {
            (void)world_.destroy({&head.entity, 1});
            reader_.skip(head);
            return archetype.error().status;
        }

        const std::byte* const first_ids = reader_.value();
        const CommandHead like = head;
        parts_.batch.clear();
        parts_.batch_values.clear();
        do {
            const bool same =
                head.op == like.op && head.component == like.component &&
                head.value_bytes == like.value_bytes &&
                std::memcmp(reader_.value(), first_ids, ids.size() * sizeof(ComponentId)) == 0;
            if (!same) break;
            // Only a handle that reserve() gave and nobody has used since.
            if (parts_.entities.alive(head.entity) && parts_.entities.location(head.entity) == 0) {
                parts_.batch.push_back(head.entity);
                parts_.batch_values.push_back(reader_.value() +
                                              padded(ids.size() * sizeof(ComponentId)));
                parts_.entities.set_location(head.entity, taken);
            } else {
                ++parts_.counters.commands_skipped;
            }
            reader_.skip(head);
        } while (reader_.read(head));
        place(**archetype, ids);
        return Status::ok;
    }

    void place(Archetype& archetype, const std::vector<ComponentId>& ids) {
        parts_.place(archetype, parts_.batch.data(),
                     static_cast<std::uint32_t>(parts_.batch.size()));
        parts_.counters.commands_applied += parts_.batch.size();
        std::size_t offset = 0;
        for (const ComponentId id : ids) {
            const Schema& schema = parts_.components[id].schema;
            for (std::size_t i = 0; i < parts_.batch.size(); ++i) {
                const std::byte* const value = parts_.batch_values[i] + offset;
                if (schema.sparse()) {
                    (void)world_.add(parts_.batch[i], id, value);
                } else if (schema.size > 0) {
                    const std::uint32_t location = parts_.entities.location(parts_.batch[i]);
                    const Column& column = archetype.columns[archetype.entries[id].slot];
                    copy_row(column_row(parts_.tables.chunk_of(location), column,
                                        location & location_row_mask),
                             value, schema.size);
                }
            }
            offset += padded(schema.size);
        }
    }

    /// A run of one operation on one component.
    Status change(CommandHead head) {
        const CommandHead like = head;
        const std::byte* const first_value = reader_.value();
        std::vector<Entity>& run = parts_.batch;
        run.clear();
        do {
            if (head.op != like.op || head.component != like.component ||
                head.value_bytes != like.value_bytes) {
                break;
            }
            run.push_back(head.entity);
            parts_.counters.commands_skipped += !parts_.entities.alive(head.entity);
            reader_.skip(head);
        } while (reader_.read(head));
        const Status status = apply_run(like, run, first_value);
        parts_.counters.commands_applied += run.size();
        return status;
    }

    Status apply_run(const CommandHead& like, std::span<const Entity> run,
                     const std::byte* first_value) {
        const Component* const known = parts_.components.find(like.component);
        switch (like.op) {
            case CommandOp::destroy:
                return world_.destroy(run) ? Status::ok : Status::refused;
            case CommandOp::add:
                if (known == nullptr || known->schema.size != like.value_bytes)
                    return Status::invalid;
                return world_.add(run, like.component, first_value, like.record_bytes);
            case CommandOp::remove: {
                const auto removed = world_.remove(run, like.component);
                return removed ? Status::ok : removed.error().status;
            }
            case CommandOp::spawn:
                break;
        }
        return Status::invalid;
    }

    static constexpr std::uint32_t taken = 0xffffffffu;  // until placed, a few lines on
    World& world_;
    Parts& parts_;
    CommandReader reader_;
};

}  // namespace

Status World::apply(CommandBuffer& buffer) {
    if (buffer.empty()) return Status::ok;
    if (parts_->locked()) return Status::refused;
    const Status status = CommandRunner{*this, *buffer.data()}.run();
    buffer.clear();
    return status;
}

}  // namespace gantry::ecs
