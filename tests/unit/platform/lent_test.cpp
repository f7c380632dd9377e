// What becomes of memory that plugins had pointers to.
#include "host/platform/lent.h"

#include <doctest/doctest.h>

#include <cstring>
#include <memory>
#include <vector>

#include "host/core/sanitized.h"

using namespace gantry;

namespace {

struct Plain {
    virtual int number() = 0;

protected:
    ~Plain() = default;
};

struct Side final : platform::Lent, Plain {
    explicit Side(const std::string& what) : Lent{what} {}
    int number() override { return 1; }
    std::string kept;
};

/// The first word of a block that nobody may use any more.
const void* word_in(const void* gone) {
    const void* word = nullptr;
    std::memcpy(&word, gone, sizeof word);
    return word;
}

}  // namespace

TEST_CASE("what is gone is full of pointers to nowhere, by which it is known, of the newest 512") {
    if (core::sanitized) return;  // whose run-time keeps freed memory itself
    auto first = std::make_unique<Side>("the first");
    // Volatile: the compiler would warn of what this test is about.
    const void* const volatile place = first.get();
    CHECK(platform::gone_at(place) == std::nullopt);
    first->kept = std::string(1000, 'x');
    {
        const Side on_the_stack{"another"};  // has no memory to give back
        first.reset();
    }
    const void* const nowhere = word_in(place);
    const auto* const table = static_cast<const std::byte*>(nowhere);
    CHECK(platform::gone_at(nowhere) == "the first");
    CHECK(platform::gone_at(table + 1024) == "the first");
    CHECK(platform::gone_at(table - 16) == "the first");
    for (std::size_t i = 1; i < platform::Lent::kept_max; ++i) {
        auto next = std::make_unique<Side>("the next");
        REQUIRE(next.get() != place);
    }
    CHECK(word_in(place) == nowhere);
    CHECK(platform::gone_at(nowhere) == "the first");
    std::make_unique<Side>("the last").reset();
    CHECK(platform::gone_at(nowhere) == "the last");
}
