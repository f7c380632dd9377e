// A plugin that is part of a test program, described without a library of its own.
#pragma once
#include "gantry/cpp/describe.h"

namespace gantry::test {

consteval PluginDesc linked(std::string_view name, std::string_view version, CreateFunction world,
                            CreateFunction io = nullptr, CreateFunction service = nullptr,
                            PluginInfo::Needs needs = {}) {
    PluginInfo info;
    info.needs[0] = needs;
    info.name = name;
    info.version = version;
    info.world = world;
    info.io = io;
    info.service = service;
    return detail::describe(info);
}

}  // namespace gantry::test
