#include "tests/unit/ecs/world_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <set>

namespace gantry::test {
namespace {

constexpr std::size_t handles_max = 4000;

}  // namespace

WorldDriver::WorldDriver(Choices& choices, const ecs::WorldLimits& limits)
    : choices_{choices}, world_{names_, limits} {
    const auto table = ComponentStorage::table;
    const auto sparse = ComponentStorage::sparse;
    layouts_ = {pattern("eight", 8, table, true),       pattern("twelve", 12, table, false),
                pattern("wide", 48, table, false),      pattern("byte", 1, table, false),
                pattern("tag", 0, table, false),        pattern("sparse", 8, sparse, true),
                pattern("sparse_tag", 0, sparse, false)};
    layouts_.push_back(changing_layout("in_table", 0, table));
    layouts_.push_back(changing_layout("in_sparse", 0, sparse));
    layouts_.push_back(changing_layout("as_resource", 0, table));
    (void)world_.open(driver_owner, "driver");
    for (const Layout& layout : layouts_) {
        const auto bytes = bytes_of(layout, defaults(layout));
        ids_.push_back(
            world_.register_component(driver_owner, describe(layout, 1, bytes.data())).value());
    }
    resource_ = random_values(layouts_[as_resource]);
    const auto bytes = bytes_of(layouts_[as_resource], resource_);
    (void)world_.set_resource(ids_[as_resource], bytes.data());
    using enum TermKind;
    query_terms_ = {
        {{ids_[0], with, TermAccess::read, {}}, {ids_[1], with, TermAccess::read, {}}},
        {{ids_[2], with, TermAccess::read, {}}, {ids_[4], without, TermAccess::none, {}}},
        {{ids_[7], with, TermAccess::read, {}}, {ids_[3], optional, TermAccess::read, {}}},
        {}};
    for (const auto& terms : query_terms_)
        queries_.push_back(world_.open_query(driver_owner, terms).value());
}

WorldDriver::~WorldDriver() = default;

void WorldDriver::wrong(const std::string& what) {
    if (error_.empty()) error_ = what;
}

WorldDriver::Modelled* WorldDriver::find(Entity entity) {
    const auto found = model_.find(entity.value);
    return found == model_.end() ? nullptr : &found->second;
}

Values WorldDriver::random_values(const Layout& layout) {
    Values values;
    for (const FieldDesc& one : layout.fields) {
        values[std::string{one.name.view()}] = choices_.below(256);
    }
    return values;
}

std::vector<Entity> WorldDriver::pick(std::uint32_t count_max) {
    std::vector<Entity> picked;
    if (handles_.empty()) return picked;
    const std::uint32_t count = choices_.below(count_max + 1);
    const auto size = static_cast<std::uint32_t>(handles_.size());
    if (choices_.below(2) == 0) {  // neighbours, as bulk code likes them
        const std::uint32_t first = choices_.below(size);
        for (std::uint32_t i = 0; i < count; ++i) picked.push_back(handles_[(first + i) % size]);
    } else {
        for (std::uint32_t i = 0; i < count; ++i) picked.push_back(handles_[choices_.below(size)]);
    }
    return picked;
}

std::vector<std::uint32_t> WorldDriver::pick_components(bool table_only) {
    std::vector<std::uint32_t> picked;
    const std::uint32_t mask = choices_.below(512);
    for (std::uint32_t i = 0; i < as_resource; ++i) {
        if ((mask >> i & 1) == 0) continue;
        if (table_only && layouts_[i].storage == ComponentStorage::sparse) continue;
        picked.push_back(i);
    }
    if (choices_.below(2) == 0) std::reverse(picked.begin(), picked.end());
    return picked;
}

void WorldDriver::add_to_model(Entity entity, std::uint32_t component, const Values& values,
                               bool overwrite) {
    Modelled* const found = find(entity);
    if (found == nullptr) return;
    const bool is_new = found->components.count(component) == 0;
    if (is_new || overwrite) {
        found->components[component] = values;
        if (layouts_[component].replicated) changed_[component][entity.value] = true;
    }
}

void WorldDriver::create_rows() {
    const auto components = pick_components(true);
    std::vector<ComponentId> ids;
    for (const std::uint32_t index : components) ids.push_back(ids_[index]);
    std::uint64_t wanted = choices_.below(300) + 1;
    while (wanted > 0) {
        ChunkCursor rows;
        const Status status = world_.create_rows(ids, wanted, rows);
        if (status != Status::ok)
            return status == Status::limit ? void() : wrong("create_rows fails");
        for (std::uint32_t row = 0; row < rows.count; ++row) {
            const Entity entity = rows.entities[row];
            if (!model_.emplace(entity.value, Modelled{}).second) wrong("a handle is given twice");
            handles_.push_back(entity);
            for (std::size_t i = 0; i < components.size(); ++i) {
                const Layout& layout = layouts_[components[i]];
                auto* const at =
                    static_cast<std::byte*>(rows.columns[i]) + std::size_t{layout.size} * row;
                if (!holds(layout, defaults(layout), at)) wrong("a new row has no defaults");
                const Values values = random_values(layout);
                const auto bytes = bytes_of(layout, values);
                if (layout.size > 0) std::memcpy(at, bytes.data(), layout.size);
                add_to_model(entity, components[i], values, true);
            }
        }
        wanted -= rows.count;
    }
}

void WorldDriver::create_one() {
    const auto components = pick_components(false);
    std::vector<ComponentId> ids;
    for (const std::uint32_t index : components) ids.push_back(ids_[index]);
    const auto made = world_.create(ids);
    if (!made) return made.error().status == Status::limit ? void() : wrong(made.error().message);
    if (!model_.emplace(made->value, Modelled{}).second) wrong("a handle is given twice");
    handles_.push_back(*made);
    for (const std::uint32_t index : components) {
        add_to_model(*made, index, defaults(layouts_[index]), true);
    }
}

void WorldDriver::record(CommandOp op, ComponentId component, Entity entity,
                         const std::vector<std::byte>& value) {
    ecs::CommandBuffer& buffer = world_.commands(driver_owner);
    const auto padded = static_cast<std::uint32_t>((value.size() + 7) / 8 * 8);
    const auto bytes = static_cast<std::uint32_t>(sizeof(CommandHead)) + padded;
    CommandData& data = *buffer.data();
    if (data.capacity - data.size < bytes && buffer.grow(bytes) != Status::ok) return wrong("grow");
    const CommandHead head{op, component, static_cast<std::uint32_t>(value.size()), bytes, entity};
    std::memcpy(data.bytes + data.size, &head, sizeof head);
    if (!value.empty())
        std::memcpy(data.bytes + data.size + sizeof head, value.data(), value.size());
    data.size += bytes;
}

void WorldDriver::apply() {
    if (world_.apply(world_.commands(driver_owner)) != Status::ok) wrong("apply fails");
}

void WorldDriver::spawn() {
    ecs::CommandBuffer& buffer = world_.commands(driver_owner);
    for (std::uint32_t kinds = choices_.below(3) + 1; kinds > 0; --kinds) {
        const auto components = pick_components(false);
        for (std::uint32_t count = choices_.below(40) + 1; count > 0; --count) {
            const Entity entity = buffer.reserve();
            if (!entity) break;
            if (!model_.emplace(entity.value, Modelled{}).second) wrong("a handle is given twice");
            handles_.push_back(entity);
            std::vector<std::byte> value((components.size() * 4 + 7) / 8 * 8);
            for (std::size_t i = 0; i < components.size(); ++i) {
                std::memcpy(value.data() + i * 4, &ids_[components[i]], 4);
                const Values values = random_values(layouts_[components[i]]);
                const auto bytes = bytes_of(layouts_[components[i]], values);
                value.insert(value.end(), bytes.begin(), bytes.end());
                value.resize((value.size() + 7) / 8 * 8);
                add_to_model(entity, components[i], values, true);
            }
            record(CommandOp::spawn, static_cast<ComponentId>(components.size()), entity, value);
        }
    }
    apply();
}

void WorldDriver::destroy() {
    const auto entities = pick(300);
    const bool by_command = choices_.below(2) == 0;
    std::uint64_t living = 0;
    for (const Entity entity : entities) {
        living += model_.erase(entity.value);
        for (auto& [component, rows] : changed_) rows.erase(entity.value);
        if (by_command) record(CommandOp::destroy, no_component, entity, {});
    }
    if (by_command) return apply();
    const auto destroyed = world_.destroy(entities);
    if (!destroyed || *destroyed != living) wrong("destroy counts wrong");
}

void WorldDriver::add() {
    const std::uint32_t index = choices_.below(as_resource);
    const Layout& layout = layouts_[index];
    const auto entities = pick(300);
    const Values values = random_values(layout);
    const auto bytes = bytes_of(layout, values);
    const std::uint32_t how = choices_.below(5);
    for (const Entity entity : entities) {
        const bool alive = find(entity) != nullptr;
        if (how == 0 && (world_.add(entity, ids_[index], bytes.data()) != nullptr) != alive)
            wrong("add");
        if (how == 1 && (world_.add(entity, ids_[index]) != nullptr) != alive)
            wrong("add a default");
        if (how == 2) record(CommandOp::add, ids_[index], entity, bytes);
        add_to_model(entity, index, how == 1 || how == 4 ? defaults(layout) : values,
                     how != 1 && how != 4);
    }
    if (how == 2) apply();
    if (how == 3 && world_.add(entities, ids_[index], bytes.data(), 0) != Status::ok)
        wrong("add many");
    if (how == 4 && world_.add(entities, ids_[index], nullptr, 0) != Status::ok)
        wrong("add defaults");
}

void WorldDriver::remove() {
    const std::uint32_t index = choices_.below(as_resource);
    const auto entities = pick(300);
    const bool by_command = choices_.below(2) == 0;
    std::uint64_t had = 0;
    for (const Entity entity : entities) {
        Modelled* const found = find(entity);
        if (found != nullptr) had += found->components.erase(index);
        changed_[index].erase(entity.value);
        if (by_command) record(CommandOp::remove, ids_[index], entity, {});
    }
    if (by_command) return apply();
    const auto removed = world_.remove(entities, ids_[index]);
    if (!removed || *removed != had) wrong("remove counts wrong");
}

void WorldDriver::write() {
    const std::uint32_t index = choices_.below(as_resource);
    const Layout& layout = layouts_[index];
    for (const Entity entity : pick(100)) {
        void* const place = world_.get_mut(entity, ids_[index]);
        Modelled* const found = find(entity);
        const bool has = found != nullptr && found->components.count(index) > 0;
        if ((place != nullptr) != has) return wrong("get_mut finds what is not there, or does not");
        if (!has) continue;
        const Values values = random_values(layout);
        const auto bytes = bytes_of(layout, values);
        if (layout.size > 0) std::memcpy(place, bytes.data(), layout.size);
        add_to_model(entity, index, values, true);
    }
}

// What changed must be listed; a neighbour that moved into a chunk written in bulk may be, too.
void WorldDriver::collect() {
    for (std::uint32_t index = 0; index < as_resource; ++index) {
        if (!layouts_[index].replicated) continue;
        std::vector<Entity> listed;
        if (world_.collect_changed(ids_[index], listed) != Status::ok)
            return wrong("collect_changed");
        std::set<std::uint64_t> found;
        for (const Entity entity : listed) {
            if (!found.insert(entity.value).second) wrong("an entity is listed twice");
            const Modelled* const known = find(entity);
            if (known == nullptr || known->components.count(index) == 0)
                wrong("a stranger is listed");
        }
        for (const auto& [entity, _] : changed_[index]) {
            if (found.count(entity) == 0)
                wrong(fmt::format("a change of {} is missed", layouts_[index].name));
        }
        changed_[index].clear();
    }
}

void WorldDriver::check_query() {
    const std::uint32_t which = choices_.below(static_cast<std::uint32_t>(queries_.size()));
    const auto& terms = query_terms_[which];
    std::set<std::uint64_t> expected;
    for (const auto& [entity, modelled] : model_) {
        const bool matches = std::all_of(terms.begin(), terms.end(), [&](const QueryTerm& term) {
            const auto index = std::find(ids_.begin(), ids_.end(), term.component) - ids_.begin();
            const bool has = modelled.components.count(static_cast<std::uint32_t>(index)) > 0;
            return term.kind == TermKind::optional || has == (term.kind == TermKind::with);
        });
        if (matches) expected.insert(entity);
    }
    std::set<std::uint64_t> found;
    ChunkCursor cursor;
    while (queries_[which]->next_chunk(&cursor)) {
        for (std::uint32_t row = 0; row < cursor.count; ++row) {
            found.insert(cursor.entities[row].value);
            for (std::size_t i = 0; i < terms.size(); ++i) check_column(cursor, i, row, terms[i]);
        }
    }
    if (found != expected || queries_[which]->count() != expected.size()) wrong("a query is wrong");
}

void WorldDriver::check_column(const ChunkCursor& cursor, std::size_t term, std::uint32_t row,
                               const QueryTerm& asked) {
    const auto index = static_cast<std::uint32_t>(
        std::find(ids_.begin(), ids_.end(), asked.component) - ids_.begin());
    const Modelled* const modelled = find(cursor.entities[row]);
    if (modelled == nullptr) return wrong("a query finds the dead");
    const auto expected = modelled->components.find(index);
    const auto* const column = static_cast<const std::byte*>(cursor.columns[term]);
    if ((column != nullptr) != (expected != modelled->components.end())) {
        return wrong("a query has a column it should not, or lacks one");
    }
    if (column == nullptr) return;
    const Layout& layout = layouts_[index];
    if (!holds(layout, expected->second, column + std::size_t{layout.size} * row)) {
        wrong("a query's column has other values");
    }
}

void WorldDriver::check_stale() {
    for (Entity entity : pick(20)) {
        if (choices_.below(2) == 0) entity.value += std::uint64_t{choices_.below(8)} << 32;
        if (choices_.below(8) == 0) entity.value ^= choices_.below(1u << 31);
        const Modelled* const found = find(entity);
        if (world_.valid(entity) != (found != nullptr)) wrong("a stale or made-up handle is valid");
        const std::uint32_t index = choices_.below(as_resource);
        const bool has = found != nullptr && found->components.count(index) > 0;
        if ((world_.get(entity, ids_[index]) != nullptr) != has) wrong("get on a stale handle");
    }
}

void WorldDriver::step() {
    advance_migration();
    switch (choices_.below(16)) {
        case 0:
            return create_rows();
        case 1:
            return create_one();
        case 2:
            return spawn();
        case 3:
        case 4:
            return destroy();
        case 5:
        case 6:
        case 7:
            return add();
        case 8:
        case 9:
        case 10:
            return remove();
        case 11:
            return write();
        case 12:
            return collect();
        case 13:
            return check_query();
        case 14:
            return migrate();
        default:
            return check_stale();
    }
}

void WorldDriver::check() {
    if (world_.stats().entities != model_.size()) wrong("the number of entities is wrong");
    for (const auto& [entity, modelled] : model_) {
        if (!world_.valid(Entity{entity})) return wrong("a living entity is dead");
        for (std::uint32_t index = 0; index < as_resource; ++index) {
            const void* const value = world_.get(Entity{entity}, ids_[index]);
            const auto expected = modelled.components.find(index);
            if ((value != nullptr) != (expected != modelled.components.end())) {
                return wrong(fmt::format("{} is there and should not be, or the reverse",
                                         layouts_[index].name));
            }
            if (value != nullptr && !holds(layouts_[index], expected->second, value)) {
                return wrong(fmt::format("{} has another value", layouts_[index].name));
            }
        }
    }
    if (!holds(layouts_[as_resource], resource_, world_.resource(ids_[as_resource]))) {
        wrong("the resource has another value");
    }
    if (handles_.size() > handles_max) {
        std::erase_if(handles_, [&](Entity entity) { return find(entity) == nullptr; });
        while (handles_.size() > handles_max) {
            const std::vector<Entity> extra{handles_.end() - 500, handles_.end()};
            handles_.resize(handles_.size() - 500);
            for (const Entity entity : extra) {
                model_.erase(entity.value);
                for (auto& [component, rows] : changed_) rows.erase(entity.value);
            }
            (void)world_.destroy(extra);
        }
    }
}

}  // namespace gantry::test
