// Version: semantic versions, and what satisfies what.
#include "host/plugin/version.h"

#include <doctest/doctest.h>

using gantry::plugin::Version;

TEST_CASE("versions parse, order and satisfy") {
    CHECK(*Version::parse("1.2.3") < *Version::parse("1.10.0"));
    CHECK(*Version::parse("1.2.3-rc1") < *Version::parse("1.2.3"));
    CHECK(Version::parse("1.4.0")->satisfies(*Version::parse("1.2.9")));
    CHECK_FALSE(Version::parse("2.0.0")->satisfies(*Version::parse("1.2.9")));
    for (const char* bad :
         {"", "1", "1.2", "1.2.x", "1.2.3.4", "1.2.3-", "-1.2.3", "99999999999.0.0"}) {
        CAPTURE(bad);
        CHECK_FALSE(Version::parse(bad).has_value());
    }
}
