// Random schemas against a naive model of migration: up in slices, life in between, and down again,
// in slices or at once.
#include <doctest/doctest.h>

#include <map>

#include "gantry/ecs/number.h"
#include "host/core/random.h"
#include "host/ecs/migration.h"
#include "host/ecs/world.h"
#include "host/testing/seed.h"

using namespace gantry;

namespace {

constexpr ecs::OwnerId leaving[] = {1};
constexpr FieldKind kinds[] = {FieldKind::i8, FieldKind::i16, FieldKind::i32, FieldKind::i64,
                               FieldKind::f64};

/// A field whose values are small whole numbers, exact in every kind.
struct ModelField {
    std::string name;
    std::string was;
    std::size_t kind = 0;  // among `kinds`; a later one is wider
    std::uint32_t count = 1;
    bool shrinks = false;
};
using ModelRow = std::map<std::string, std::vector<std::int64_t>>;

std::int64_t load(FieldKind kind, const std::byte* at) {
    std::int64_t out = 0;
    detail::with_number_kind(kind, [&](auto value) {
        std::memcpy(&value, at, sizeof value);
        out = static_cast<std::int64_t>(value);
    });
    return out;
}
void store(FieldKind kind, std::byte* at, std::int64_t number) {
    detail::with_number_kind(kind, [&](auto value) {
        value = static_cast<decltype(value)>(number);
        std::memcpy(at, &value, sizeof value);
    });
}

/// One version of the component.
struct Version {
    Version(std::uint32_t number, std::vector<ModelField> made, ComponentStorage storage)
        : fields{std::move(made)} {
        std::uint32_t offset = 0;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const ModelField& field = fields[i];
            descs.push_back({Str{field.name}, offset, field.count, kinds[field.kind], {}});
            offset += field.count * field_kind_bytes(kinds[field.kind]);
            origins.push_back({Str{field.was}, static_cast<std::uint32_t>(i),
                               field.shrinks ? field_origin::shrinks : 0});
        }
        defaults.resize(offset);
        for (const FieldDesc& one : descs) {
            for (std::uint32_t i = 0; i < one.count; ++i) {
                store(one.kind, defaults.data() + one.offset + i * field_kind_bytes(one.kind), 5);
            }
        }
        history.origins = origins.data();
        history.origin_count = origins.size();
        desc.name = "model";
        desc.version = number;
        desc.size = offset;
        desc.storage = storage;
        desc.reserved[0] = 1;
        desc.fields = descs.data();
        desc.field_count = descs.size();
        desc.defaults = defaults.data();
        whole.history = &history;
    }
    ModelRow read(const void* row) const {
        ModelRow out;
        for (const FieldDesc& one : descs) {
            for (std::uint32_t i = 0; i < one.count; ++i) {
                out[std::string{one.name.view()}].push_back(
                    load(one.kind, static_cast<const std::byte*>(row) + one.offset +
                                       i * field_kind_bytes(one.kind)));
            }
        }
        return out;
    }
    void write(void* row, const ModelRow& values) const {
        for (const FieldDesc& one : descs) {
            for (std::uint32_t i = 0; i < one.count; ++i) {
                store(one.kind,
                      static_cast<std::byte*>(row) + one.offset + i * field_kind_bytes(one.kind),
                      values.at(std::string{one.name.view()})[i]);
            }
        }
    }
    std::vector<ModelField> fields;
    std::vector<FieldDesc> descs;
    std::vector<FieldOrigin> origins;
    std::vector<std::byte> defaults;
    ComponentHistory history;
    ComponentDescWithHistory whole;
    ComponentDesc& desc = whole.desc;
};

std::vector<ModelField> random_fields(core::Random& random) {
    std::vector<ModelField> fields;
    const std::uint64_t count = 1 + random.below(6);
    for (std::uint64_t i = 0; i < count; ++i) {
        fields.push_back({"f" + std::to_string(i), "", random.below(3),
                          static_cast<std::uint32_t>(1 + random.below(4)), false});
    }
    return fields;
}

/// The next version: some fields gone, renamed, wider, longer or shorter, new ones, shuffled.
std::vector<ModelField> evolved(const std::vector<ModelField>& from, core::Random& random) {
    std::vector<ModelField> fields;
    for (ModelField field : from) {
        if (random.below(5) == 0) continue;
        if (random.below(3) == 0) {
            field.was = field.name;
            field.name = "renamed_" + field.name;
        }
        field.kind += random.below(2);
        const auto count = static_cast<std::uint32_t>(1 + random.below(5));
        field.shrinks = count < field.count;
        field.count = count;
        fields.push_back(field);
    }
    for (std::uint64_t i = random.below(3) + (fields.empty() ? 1 : 0); i > 0; --i) {
        fields.push_back({"new" + std::to_string(i), "", random.below(5), 2, false});
    }
    for (std::size_t i = fields.size(); i > 1; --i) {
        std::swap(fields[i - 1], fields[static_cast<std::size_t>(random.below(i))]);
    }
    return fields;
}

/// `row` in the newer version; on the way back `back` is what lies below what is carried.
ModelRow carried(const ModelRow& row, const Version& newer, bool upward, ModelRow into) {
    for (const ModelField& field : newer.fields) {
        const std::string& older = field.was.empty() ? field.name : field.was;
        const auto from = row.find(upward ? older : field.name);
        const auto to = into.find(upward ? field.name : older);
        if (from == row.end() || to == into.end()) continue;
        const std::size_t count = std::min(from->second.size(), to->second.size());
        std::copy_n(from->second.begin(), count, to->second.begin());
    }
    return into;
}

/// A world of `component` rows, changed at random while its layout goes up and down.
struct Run {
    explicit Run(std::uint64_t seed)
        : random{seed},
          storage{seed % 3 == 0 ? ComponentStorage::sparse : ComponentStorage::table},
          first{1, random_fields(random), storage},
          second{2, evolved(first.fields, random), storage} {
        limits.chunk_bytes = 4096;
        world = std::make_unique<ecs::World>(names, limits);
        (void)world->open(1, "model@1#1");
        id = world->register_component(1, first.desc).value();
        live(first, 400);
    }

    void live(const Version& version, int steps) {
        for (int i = 0; i < steps; ++i) {
            const std::uint64_t what = model.empty() ? 0 : random.below(4);
            auto picked = model.begin();
            if (what != 0) std::advance(picked, random.below(model.size()));
            if (what == 1 && model.size() > 100) {
                const Entity gone{picked->first};
                (void)world->destroy({&gone, 1});
                model.erase(picked);
            } else if (what >= 1) {
                ModelRow& row = picked->second;
                for (auto& [name, values] : row) {
                    values[random.below(values.size())] =
                        static_cast<std::int64_t>(random.below(100)) - 50;
                }
                version.write(world->get_mut(Entity{picked->first}, id), row);
            } else {
                const Entity made = world->create({&id, 1}).value();
                model[made.value] = version.read(version.defaults.data());
            }
        }
    }
    bool same(const Version& version) const {
        for (const auto& [entity, row] : model) {
            if (version.read(world->get(Entity{entity}, id)) != row) return false;
        }
        return true;
    }
    /// Rows that wait are brought by whoever touches them, and by these.
    void settle_some() {
        if (random.below(2) == 0) (void)world->settle(1 + random.below(150));
    }
    std::string run() {
        const auto plan = world->plan_migration({&second.desc, 1}, leaving);
        if (!plan) return plan.error().message;
        auto migration = world->prepare(*plan);
        if (!migration) return migration.error().message;
        for (std::uint64_t slices = random.below(6); slices > 0; --slices) {
            if (!(*migration)->advance(1 + random.below(150))) return "a slice fails";
            live(first, static_cast<int>(random.below(40)));
        }
        if (!(*migration)->commit(rest())) return "the commit fails";
        const auto before = model;
        for (auto& [entity, row] : model) {
            row = carried(row, second, true, second.read(second.defaults.data()));
        }
        if (random.below(2) == 0 && !same(second)) return "a value is wrong after the commit";
        for (std::uint64_t some = random.below(100); some > 0; some /= 2) {
            live(second, static_cast<int>(some));
            settle_some();
        }
        if (random.below(2) == 0 && !same(second)) return "a value is wrong in the new layout";
        if (random.below(3) != 0) {
            if (!(*migration)->begin_rollback({}, rest())) return "the rollback does not begin";
            for (std::uint64_t slices = random.below(8); slices > 0; --slices) {
                if (!(*migration)->advance(1 + random.below(150))) return "a slice back fails";
                live(second, static_cast<int>(random.below(40)));
                settle_some();
            }
        }
        if (!(*migration)->rollback({}, rest())) return "the rollback fails";
        for (auto& [entity, row] : model) {
            const auto had = before.find(entity);
            row = carried(row, second, false,
                          had != before.end() ? had->second : first.read(first.defaults.data()));
        }
        if (random.below(2) == 0 && !same(first)) return "a value is wrong after the rollback";
        for (std::uint64_t some = random.below(100); some > 0; some /= 2) {
            live(first, static_cast<int>(some));
            settle_some();
        }
        if (random.below(2) == 0) (*migration)->accept();
        return same(first) ? "" : "a value is wrong at the end";
    }
    ecs::Rest rest() { return random.below(2) == 0 ? ecs::Rest::at_once : ecs::Rest::on_touch; }

    core::Random random;
    ComponentStorage storage;
    Version first;
    Version second;
    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    std::unique_ptr<ecs::World> world;
    ComponentId id = no_component;
    std::map<std::uint64_t, ModelRow> model;
};

}  // namespace

TEST_CASE("random layouts come up in slices and go down again as a naive model has them") {
    for (std::uint64_t i = 0; i < 300; ++i) {
        const std::uint64_t seed = test::seed() + i;
        CAPTURE(seed);
        REQUIRE(Run{seed}.run() == "");
    }
}
