#include "host/manifest/builder.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <optional>

#include "host/core/assert.h"
#include "host/manifest/load.h"
#include "host/manifest/node.h"
#include "host/manifest/parser.h"

namespace gantry::manifest {

std::uint32_t BuilderPart::ms(Milliseconds time) {
    GANTRY_ASSERT(time.count() >= 0);
    GANTRY_ASSERT(time.count() <= std::numeric_limits<std::uint32_t>::max());
    return static_cast<std::uint32_t>(time.count());
}
ListenerBuilder BuilderPart::listener(std::string name) const {
    return whole_->listener(std::move(name));
}
WorldBuilder BuilderPart::world(std::string name) const { return whole_->world(std::move(name)); }
PluginBuilder BuilderPart::plugin(std::string name) const {
    return whole_->plugin(std::move(name));
}

ManifestBuilder& ManifestBuilder::name(std::string name) {
    manifest_.name = std::move(name);
    return *this;
}
ManifestBuilder& ManifestBuilder::log_level(std::string level) {
    manifest_.log.level = std::move(level);
    return *this;
}
ManifestBuilder& ManifestBuilder::shards(std::uint32_t count) {
    manifest_.shards = count;
    return *this;
}
ManifestBuilder& ManifestBuilder::workers(std::uint32_t count) {
    manifest_.workers = count;
    return *this;
}
ManifestBuilder& ManifestBuilder::room_processors(std::vector<std::uint32_t> numbers) {
    manifest_.room_processors = std::move(numbers);
    return *this;
}
ManifestBuilder& ManifestBuilder::limits(const Limits& limits) {
    manifest_.limits = limits;
    return *this;
}
ManifestBuilder& ManifestBuilder::shutdown(Milliseconds at_most) {
    manifest_.limits.shutdown_ms = BuilderPart::ms(at_most);
    return *this;
}
ManifestBuilder& ManifestBuilder::drop(std::string folder, OnDrop on_drop) {
    manifest_.drop.folder = std::move(folder);
    manifest_.drop.on_drop = on_drop;
    return *this;
}
ManifestBuilder& ManifestBuilder::unload_after(Milliseconds absence) {
    manifest_.drop.unload_after_ms = BuilderPart::ms(absence);
    return *this;
}
ManifestBuilder& ManifestBuilder::incidents(Incidents kept) {
    manifest_.incidents = std::move(kept);
    return *this;
}
ManifestBuilder& ManifestBuilder::gate(Gate rules) {
    manifest_.gate = std::move(rules);
    return *this;
}
ManifestBuilder& ManifestBuilder::admin(Admin admin) {
    manifest_.admin = std::move(admin);
    return *this;
}
ManifestBuilder& ManifestBuilder::no_admin() {
    manifest_.admin.enabled = false;
    return *this;
}

ListenerBuilder ManifestBuilder::listener(std::string name) {
    manifest_.listeners.emplace_back().name = std::move(name);
    return {*this, manifest_.listeners.size() - 1};
}
WorldBuilder ManifestBuilder::world(std::string name) {
    manifest_.worlds.emplace_back().name = std::move(name);
    return {*this, manifest_.worlds.size() - 1};
}
PluginBuilder ManifestBuilder::plugin(std::string name) {
    manifest_.plugins.emplace_back().name = std::move(name);
    return {*this, manifest_.plugins.size() - 1};
}

Result<Manifest> ManifestBuilder::checked() const {
    Source source;
    source.environment = [](const std::string&) -> std::optional<std::string> { return {}; };
    source.read_file = [text = json()](const std::string&, std::size_t) -> Result<std::string> {
        return text;
    };
    auto loaded = load_manifest("built in C++", source);
    if (!loaded) return loaded.error();
    return std::move(loaded->manifest);
}

ListenerBuilder& ListenerBuilder::transport(std::string scheme) {
    it().transport = std::move(scheme);
    return *this;
}
ListenerBuilder& ListenerBuilder::address(std::string address) {
    it().address = std::move(address);
    return *this;
}
ListenerBuilder& ListenerBuilder::port(std::uint16_t port) {
    it().port = port;
    return *this;
}
ListenerBuilder& ListenerBuilder::framing(Framing framing) {
    it().framing = framing;
    return *this;
}
ListenerBuilder& ListenerBuilder::payload_bytes_max(std::uint32_t bytes) {
    it().payload_bytes_max = bytes;
    return *this;
}
ListenerBuilder& ListenerBuilder::balance(Balance balance) {
    it().balance = balance;
    return *this;
}
ListenerBuilder& ListenerBuilder::backlog(std::uint16_t connections) {
    it().backlog = connections;
    return *this;
}
ListenerBuilder& ListenerBuilder::handshake(Milliseconds at_most) {
    it().handshake_ms = ms(at_most);
    return *this;
}
ListenerBuilder& ListenerBuilder::idle(Milliseconds silence) {
    it().idle_ms = ms(silence);
    return *this;
}
ListenerBuilder& ListenerBuilder::queue(const Queue& watermarks) {
    it().queue = watermarks;
    return *this;
}
ListenerBuilder& ListenerBuilder::websocket(WebSocket settings) {
    it().ws = std::move(settings);
    return *this;
}
ListenerBuilder& ListenerBuilder::joins(std::string world) {
    it().world = std::move(world);
    return *this;
}
ListenerBuilder& ListenerBuilder::middleware(std::vector<std::string> layers) {
    it().middleware = std::move(layers);
    return *this;
}
ListenerBuilder& ListenerBuilder::option(std::string key, std::string value) {
    it().options[std::move(key)] = std::move(value);
    return *this;
}

WorldBuilder& WorldBuilder::plugins(std::vector<std::string> names) {
    it().plugins = std::move(names);
    return *this;
}
WorldBuilder& WorldBuilder::tick_hz(double hz) {
    it().tick_hz = hz;
    return *this;
}
WorldBuilder& WorldBuilder::on_worker(std::uint16_t worker) {
    it().worker = worker;
    return *this;
}
WorldBuilder& WorldBuilder::catch_up_steps_max(std::uint32_t steps) {
    it().catch_up_steps_max = steps;
    return *this;
}
WorldBuilder& WorldBuilder::entities_max(std::uint32_t count) {
    it().entities_max = count;
    return *this;
}

PluginBuilder& PluginBuilder::file(std::string path) {
    it().file = std::move(path);
    return *this;
}
PluginBuilder& PluginBuilder::optional() {
    it().required = false;
    return *this;
}
PluginBuilder& PluginBuilder::config_json(std::string object) {
    it().config = std::move(object);
    return *this;
}
PluginBuilder& PluginBuilder::version_min(std::string version) {
    it().version_min = std::move(version);
    return *this;
}
PluginBuilder& PluginBuilder::drain(Milliseconds at_most) {
    it().drain_ms = ms(at_most);
    return *this;
}
PluginBuilder& PluginBuilder::hold(Milliseconds at_most) {
    it().hold_ms = ms(at_most);
    return *this;
}
PluginBuilder& PluginBuilder::at_deadline(AtDeadline what) {
    it().at_deadline = what;
    return *this;
}
PluginBuilder& PluginBuilder::probation(Milliseconds time) {
    it().probation_ms = ms(time);
    return *this;
}
PluginBuilder& PluginBuilder::rollback_when(const RollbackWhen& limits) {
    it().rollback_when = limits;
    return *this;
}
PluginBuilder& PluginBuilder::on_fault(OnFault what) {
    it().on_fault = what;
    return *this;
}
PluginBuilder& PluginBuilder::canary(Milliseconds at_most) {
    it().canary_ms = ms(at_most);
    return *this;
}
PluginBuilder& PluginBuilder::no_canary() {
    it().canary = false;
    return *this;
}

// The second of a key replaces the first, and what was no object becomes one.
PluginBuilder& PluginBuilder::config_member(std::string_view key, std::string_view json) {
    Diagnostics diagnostics;
    auto config = parse(it().config, 0, "config", diagnostics);
    auto value = parse(json, 0, "config", diagnostics);
    GANTRY_ASSERT(value.has_value());  // made here
    if (!config || !config->is(Node::Kind::object)) {
        config.emplace();
        config->kind = Node::Kind::object;
    }
    if (Node* const known = config->find(key)) {
        *known = std::move(*value);
    } else {
        config->members.push_back({std::string{key}, {}, std::move(*value)});
    }
    it().config = to_text(*config);
    return *this;
}
std::string PluginBuilder::number(double value) {
    GANTRY_ASSERT(std::isfinite(value));  // JSON knows no other
    return fmt::format("{}", value);
}
std::string PluginBuilder::text(std::string_view value) { return quoted(value); }

}  // namespace gantry::manifest
