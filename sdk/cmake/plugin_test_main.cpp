// The entry of a test library: gantry_add_plugin_test() of CMake compiles it into each.
#define DOCTEST_CONFIG_IMPLEMENT
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS  // what a plugin does wrong is the host's to settle
#include <doctest/doctest.h>

#include <gantry/test.h>

GANTRY_TEST_MAIN
