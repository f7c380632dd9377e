#include "host/platform/demangle.h"

#include <doctest/doctest.h>

using gantry::platform::demangled;

TEST_CASE("a C++ symbol is told as people read it, anything else as it is") {
    CHECK(demangled("_ZNSt6thread6detachEv") == "std::thread::detach()");
    CHECK(demangled("dlopen") == "dlopen");
    CHECK(demangled("i") == "i");
    CHECK(demangled("_Z") == "_Z");
    CHECK(demangled("") == "");
}
