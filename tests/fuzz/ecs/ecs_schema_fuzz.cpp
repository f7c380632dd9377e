// Any bytes as a component's description: refused with a sentence, or good to register, to store
// and to print.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "gantry/ecs/old_row.h"
#include "host/core/assert.h"
#include "host/ecs/migration.h"
#include "host/ecs/schema.h"
#include "host/ecs/world.h"

using namespace gantry;

namespace {

class Reader {
public:
    Reader(const std::uint8_t* data, std::size_t size) : at_{data}, end_{data + size} {}

    template <class T>
    T number() {
        T value{};
        const auto count =
            std::min<std::size_t>(sizeof value, static_cast<std::size_t>(end_ - at_));
        if (count > 0) std::memcpy(&value, at_, count);
        at_ += count;
        return value;
    }
    Str text() {
        const std::size_t count =
            std::min<std::size_t>(number<std::uint8_t>() % 8, static_cast<std::size_t>(end_ - at_));
        const Str out{reinterpret_cast<const char*>(at_), count};
        at_ += count;
        return out;
    }
    bool empty() const noexcept { return at_ == end_; }

private:
    const std::uint8_t* at_;
    const std::uint8_t* end_;
};

struct Described {
    ComponentDescWithHistory whole;
    ComponentDesc& desc = whole.desc;
    std::vector<FieldDesc> fields;
    std::vector<FieldOrigin> origins;
    ComponentHistory history;
};

// As a plugin would: all rows, within what it was given.
void touch(const RowsView* from, const RowsView* to) noexcept {
    for (std::uint64_t row = 0; row < to->count; ++row) {
        const OldRow old{*from, row};
        OldRow next{*to, row};
        for (std::uint64_t i = 0; i < to->field_count; ++i) {
            const auto name = to->fields[i].name.view();
            (void)next.set(name, old.get<double>(name));
            (void)next.set_text(name, old.text(name));
        }
    }
}

void read_history(Reader& reader, Described& out) {
    const int told = reader.number<std::uint8_t>();
    if (told == 0) return;
    for (int i = 0; i < told % 4; ++i) {
        FieldOrigin& origin = out.origins.emplace_back();
        origin.was = reader.text();
        origin.field = reader.number<std::uint8_t>();
        origin.flags = reader.number<std::uint8_t>();
    }
    out.history.origins = out.origins.data();
    out.history.origin_count = out.origins.size();
    out.history.up = told % 8 < 4 ? touch : nullptr;
    out.history.down = told % 16 < 8 ? touch : nullptr;
    out.desc.reserved[0] = 1;
    out.whole.history = &out.history;
}

void read(Reader& reader, Described& out) {
    out.desc.name = reader.text();
    out.desc.version = reader.number<std::uint8_t>();
    out.desc.size = reader.number<std::uint16_t>();
    out.desc.align = reader.number<std::uint8_t>();
    out.desc.storage = static_cast<ComponentStorage>(reader.number<std::uint8_t>());
    out.desc.replicated = reader.number<std::uint8_t>();
    const int count = reader.number<std::uint8_t>() % 8;
    for (int i = 0; i < count; ++i) {
        FieldDesc& field = out.fields.emplace_back();
        field.name = reader.text();
        field.kind = static_cast<FieldKind>(reader.number<std::uint8_t>());
        field.offset = reader.number<std::uint16_t>();
        field.count = reader.number<std::uint8_t>();
    }
    if (count == 7) out.fields[0].count = reader.number<std::uint32_t>();
    out.desc.fields = out.fields.data();
    out.desc.field_count = out.fields.size();
    read_history(reader, out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Reader reader{data, size};
    ecs::ComponentNames names;
    ecs::World world{names};
    (void)world.open(1, "fuzz");
    Described first;
    read(reader, first);
    const auto id = world.register_component(1, first.desc);
    if (!id) {
        GANTRY_ASSERT(!id.error().message.empty());
        return 0;
    }
    const Entity entity = world.create({&*id, 1}).value();
    const ecs::Schema& schema = *world.schema(*id);
    for (const ecs::Field& field : schema.fields) {
        GANTRY_ASSERT(!ecs::field_text(field, world.get(entity, *id)).empty());
    }
    Described second;
    read(reader, second);
    second.desc.name = first.desc.name;
    const std::uint32_t leaving[] = {1};
    const auto plan = world.plan_migration({&second.desc, 1}, leaving);
    if (!plan) return 0;
    auto prepared = world.prepare(*plan);
    GANTRY_ASSERT(prepared && (*prepared)->commit());
    (void)world.hash();
    GANTRY_ASSERT((*prepared)->rollback());
    GANTRY_ASSERT(world.valid(entity));
    return 0;
}
