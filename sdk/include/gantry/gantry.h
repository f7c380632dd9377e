// gantry/gantry.h: the one header a plugin includes.
#pragma once
#include "gantry/cpp/describe.h"
#include "gantry/cpp/io_plugin.h"
#include "gantry/cpp/world_plugin.h"
