// The entry of every test program: prints the seed that GANTRY_SEED sets, then runs doctest.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdio>

#include "host/testing/seed.h"

int main(int argc, char** argv) {
    std::printf("seed %llu (set GANTRY_SEED to repeat a run)\n",
                static_cast<unsigned long long>(gantry::test::seed()));
    std::fflush(stdout);
    return doctest::Context(argc, argv).run();
}
