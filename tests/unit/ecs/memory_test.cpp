// The memory of worlds: cheap when small, in slabs when large, given back.
#include <doctest/doctest.h>

#include <map>

#include "host/ecs/chunk_arena.h"
#include "tests/unit/ecs/components.h"

using namespace gantry;
using namespace gantry::test;

namespace {

std::map<std::byte*, std::size_t> mapped;  // of counting_pages

std::byte* take_counted(std::size_t bytes, bool huge) {
    std::byte* const pages = ecs::system_pages().take(bytes, huge);
    mapped[pages] = bytes;
    return pages;
}
void give_counted(std::byte* pages, std::size_t bytes) noexcept {
    CHECK(mapped.at(pages) == bytes);
    mapped.erase(pages);
    ecs::system_pages().give(pages, bytes);
}
constexpr ecs::PageSource counting_pages{take_counted, give_counted};

}  // namespace

TEST_CASE("an empty world costs a few KiB, one with a few entities a few more, and no pages") {
    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    limits.pages = &counting_pages;
    ecs::World world{names, limits};
    CHECK(world.stats().memory_bytes < 4096);
    Registry registry{world.open(1, "test")};
    for (int i = 0; i < 20; ++i) registry.create(Position{}, Velocity{});
    CHECK(world.stats().memory_bytes < 16'384);
    CHECK(mapped.empty());
}

TEST_CASE("a large world takes pages and gives back those it no longer needs") {
    ecs::ComponentNames names;
    ecs::WorldLimits limits;
    limits.pages = &counting_pages;
    {
        ecs::World world{names, limits};
        Registry registry{world.open(1, "test")};
        std::vector<Entity> entities;
        for (int i = 0; i < 300'000; ++i)
            entities.push_back(registry.create(Position{}, Velocity{}));
        const std::uint64_t full = world.stats().memory_bytes;
        CHECK(full < 300'000 * 48);
        CHECK(mapped.size() > 3);
        CHECK(registry.destroy(entities) == 300'000);
        CHECK(world.stats().memory_bytes < full / 2);
        CHECK(registry.create(Position{}, Velocity{}));
    }
    CHECK(mapped.empty());
}

TEST_CASE("the arena reuses blocks, keeps sizes apart and holds one empty slab of a size") {
    ecs::ChunkArena arena{counting_pages, false};
    constexpr std::uint32_t block = 64u << 10;
    std::vector<std::byte*> blocks;
    for (int i = 0; i < 100; ++i) blocks.push_back(arena.take(block));
    for (std::byte* one : blocks) CHECK(reinterpret_cast<std::uintptr_t>(one) % 64 == 0);
    const std::size_t slabs = mapped.size();
    CHECK(slabs > 1);
    arena.give(blocks.back(), block);
    CHECK(arena.take(block) == blocks.back());
    std::byte* const small = arena.take(1024);
    CHECK(mapped.size() == slabs);
    arena.give(small, 1024);
    for (std::byte* one : blocks) arena.give(one, block);
    CHECK(mapped.size() == 1);
    CHECK(arena.held_bytes() == mapped.begin()->second);
}

TEST_CASE("pages that were touched ahead are what a migration takes, and the rest goes back") {
    constexpr std::uint32_t block = 64u << 10;
    {
        ecs::ChunkArena arena{counting_pages, false};
        std::vector<std::size_t> sizes;
        arena.slabs_for(block, 16, sizes);
        CHECK(sizes.empty());  // the heap has room for so few
        arena.slabs_for(block, 1000, sizes);
        ecs::PagesAhead ahead{counting_pages, false, sizes};
        const std::size_t taken = mapped.size();
        CHECK(taken == sizes.size());
        CHECK_FALSE(ahead.ready());
        ahead.touch();
        REQUIRE(ahead.ready());
        arena.use(ahead);
        std::vector<std::byte*> blocks;
        for (int i = 0; i < 1000; ++i) blocks.push_back(arena.take(block));
        CHECK(mapped.size() <= taken);
        arena.drop_ready();
        for (std::byte* one : blocks) arena.give(one, block);
        std::vector<std::size_t> more;
        arena.slabs_for(block, 20, more);
        CHECK(more.empty());  // one slab is kept, and has room for them
        sizes.assign(3, ecs::huge_page_bytes);
        ecs::PagesAhead unused{counting_pages, false, sizes};
        CHECK(mapped.size() == 4);
        unused.touch();
        arena.use(unused);
    }
    CHECK(mapped.empty());
}
