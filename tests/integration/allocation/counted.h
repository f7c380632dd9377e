// Counts what a program takes from malloc, and so also from operator new, in all its libraries.
#pragma once
#include <cstdint>

namespace gantry::test {

/// Calls of malloc, calloc, realloc and the aligned ones so far, of all threads but exempt ones.
std::uint64_t allocations() noexcept;
/// What this thread takes is not counted: it plays the clients.
void exempt_this_thread() noexcept;

}  // namespace gantry::test
