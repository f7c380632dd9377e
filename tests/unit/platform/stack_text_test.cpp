// stack_text: each frame has the name of the function it is in, whichever file of the process that
// is in.
#include "host/platform/stack_text.h"

#include <doctest/doctest.h>
#include <execinfo.h>

#include <algorithm>
#include <cstdlib>
#include <string>
#include <vector>

#include "host/core/sanitized.h"

using namespace gantry;

namespace {

std::vector<void*> seen;

[[gnu::noinline]] int note_frames() {
    seen.resize(32);
    seen.resize(static_cast<std::size_t>(::backtrace(seen.data(), 32)));
    return seen.empty() ? 1 : 0;
}

int compare(const void*, const void*) { return note_frames(); }

[[gnu::noinline]] int sort_something() {
    int numbers[] = {2, 1};
    std::qsort(numbers, 2, sizeof numbers[0], compare);
    return static_cast<int>(seen.size());
}

bool has(const std::vector<std::string>& lines, const std::string& begin, const std::string& text) {
    return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
        return line.starts_with(begin) && line.find(text) != line.npos;
    });
}

}  // namespace

TEST_CASE("functions of this program and of libraries are named, with file and line where known") {
    CHECK(sort_something() > 3);
    const auto lines = platform::stack_text(seen);
    REQUIRE(lines.size() == seen.size());
    std::string all;
    for (const std::string& one : lines) all += one + '\n';
    CAPTURE(all);
    CHECK(has(lines, "platform_test ", "note_frames()"));
    CHECK(has(lines, "platform_test ", "sort_something()"));
    CHECK(has(lines, "platform_test ", "main"));
    if (core::sanitized) return;  // without lines, and with a qsort of their own
    CHECK(has(lines, "platform_test ", "sort_something() stack_text_test.cpp:"));
    CHECK(has(lines, "libc.so", "qsort"));
}

TEST_CASE("what lies nowhere is nobody's code") {
    void* const nowhere = reinterpret_cast<void*>(8);
    CHECK(platform::stack_text({&nowhere, 1}) == std::vector<std::string>{"nobody's code"});
    CHECK(platform::stack_text({}).empty());
}
