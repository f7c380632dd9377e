// ProtectedStore: numbers only grow, are kept as long as was asked for, and no more than the limit.
#include "host/route/protected_store.h"

#include <doctest/doctest.h>

#include <vector>

#include "host/core/random.h"
#include "host/testing/seed.h"

using gantry::Status;
using gantry::TimeNs;
using gantry::route::ProtectedStore;

TEST_CASE("a number only grows, and so does the time for which it is kept") {
    ProtectedStore store;
    CHECK(store.raised(7, 0) == 0);
    CHECK(store.raise(7, 5, 100, 0) == Status::ok);
    CHECK(store.raise(7, 3, 50, 0) == Status::ok);
    CHECK(store.raised(7, 99) == 5);
    CHECK(store.raised(7, 100) == 0);
    CHECK(store.raise(7, 2, 200, 99) == Status::ok);
    CHECK(store.raised(7, 150) == 5);
    CHECK(store.raise(7, 1, 300, 250) == Status::ok);  // forgotten meanwhile
    CHECK(store.raised(7, 250) == 1);
    CHECK(store.raised(8, 250) == 0);
    CHECK(store.raise(9, 1, 250, 250) == Status::invalid);
    CHECK(store.raise(9, 1, INT64_MAX, 250) == Status::ok);
    CHECK(store.raised(9, INT64_MAX - 1) == 1);
}

TEST_CASE("at the limit what is not kept counts as the highest, for as long as it would be kept") {
    ProtectedStore store{2};
    CHECK(store.raise(1, 1, 100, 0) == Status::ok);
    CHECK(store.raise(2, 2, 200, 0) == Status::ok);
    CHECK(store.raise(3, 3, 150, 0) == Status::limit);
    CHECK(store.raise(4, 4, 120, 0) == Status::limit);
    CHECK(store.count() == 2);
    CHECK(store.raised(1, 0) == 1);
    CHECK(store.raised(3, 0) == ProtectedStore::unknown);
    CHECK(store.raised(99, 149) == ProtectedStore::unknown);
    CHECK(store.raised(99, 150) == 0);
    CHECK(store.raise(1, 6, 100, 50) == Status::ok);  // what is kept can always grow
    CHECK(store.raised(1, 50) == 6);
    CHECK(store.raise(3, 3, 300, 100) == Status::ok);  // the first has made room
    CHECK(store.raised(3, 299) == 3);
}

TEST_CASE("a number that found no room is not forgotten when a lower one finds some") {
    ProtectedStore store{1};
    CHECK(store.raise(1, 1, 10, 0) == Status::ok);
    CHECK(store.raise(2, 9, 100, 0) == Status::limit);
    CHECK(store.raise(2, 3, 200, 10) == Status::ok);
    CHECK(store.raised(2, 99) == ProtectedStore::unknown);
    CHECK(store.raised(2, 100) == 3);
}

TEST_CASE("whatever is raised in whatever order, no number is lower than what still counts") {
    gantry::core::Random random{gantry::test::seed()};
    struct Raised {
        std::uint64_t key;
        std::uint64_t value;
        TimeNs until;
    };
    std::vector<Raised> all;
    ProtectedStore store{16};
    TimeNs now = 0;
    for (int i = 0; i < 20'000; ++i) {
        now += static_cast<TimeNs>(random.below(3));
        if (random.below(2) == 0) {
            all.push_back({random.below(32), 1 + random.below(1000),
                           now + 1 + static_cast<TimeNs>(random.below(40))});
            (void)store.raise(all.back().key, all.back().value, all.back().until, now);
        }
        std::erase_if(all, [now](const Raised& one) { return one.until <= now; });
        for (const Raised& one : all) REQUIRE(store.raised(one.key, now) >= one.value);
        REQUIRE(store.count() <= 16);
    }
}
