// What a manifest says of plugins, in the words of the plugin manager.
#pragma once
#include "host/manifest/manifest.h"
#include "host/plugin/gate_rules.h"
#include "host/plugin/plugin_config.h"

namespace gantry::app {

plugin::PluginConfig plugin_config(const manifest::Plugin& plugin);
plugin::DropConfig drop_config(const manifest::Drop& drop);
/// Keys and versions were checked with the manifest.
plugin::GateRules gate_rules(const manifest::Manifest& manifest);

}  // namespace gantry::app
