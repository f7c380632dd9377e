#include "host/app/plugin_plan.h"

#include "host/core/assert.h"

namespace gantry::app {

plugin::PluginConfig plugin_config(const manifest::Plugin& plugin) {
    plugin::PluginConfig config;
    config.name = plugin.name;
    config.file = plugin.file;
    config.required = plugin.required;
    config.config = plugin.config;
    config.drain_ms = plugin.drain_ms;
    config.hold_ms = plugin.hold_ms;
    config.cancel_at_deadline = plugin.at_deadline == manifest::AtDeadline::cancel;
    config.probation_ms = plugin.probation_ms;
    const manifest::RollbackWhen& when = plugin.rollback_when;
    config.probation.failures_max = when.failures;
    config.probation.failed_share_max = when.failed_percent / 100.0;
    config.probation.tick_ratio_max = when.tick_percent / 100.0;
    config.probation.handler_ratio_max = when.handler_percent / 100.0;
    config.probation.memory_growth_mb = when.memory_growth_mb;
    config.contain = plugin.on_fault == manifest::OnFault::contain;
    config.canary = plugin.canary;
    config.canary_ms = plugin.canary_ms;
    return config;
}

plugin::GateRules gate_rules(const manifest::Manifest& manifest) {
    const manifest::Gate& gate = manifest.gate;
    plugin::GateRules rules;
    rules.allow_libraries = gate.allow_libraries;
    rules.require_signature = gate.require_signature;
    for (const std::string& text : gate.keys) {
        const auto key = plugin::parse_public_key(text);
        GANTRY_ASSERT(key.has_value());  // the manifest was checked
        rules.keys.push_back(*key);
    }
    for (const manifest::Plugin& one : manifest.plugins) {
        if (one.version_min.empty()) continue;
        const auto version = plugin::Version::parse(one.version_min);
        GANTRY_ASSERT(version.has_value());  // so were these
        rules.versions_min.emplace(one.name, *version);
    }
    return rules;
}

plugin::DropConfig drop_config(const manifest::Drop& drop) {
    plugin::DropConfig config;
    config.folder = drop.folder;
    config.on_drop = static_cast<plugin::OnDrop>(drop.on_drop);
    config.unload_after_ms = drop.unload_after_ms;
    return config;
}

}  // namespace gantry::app
