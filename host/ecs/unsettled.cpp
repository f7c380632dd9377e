#include "host/ecs/unsettled.h"

#include <utility>

#include "host/core/assert.h"

namespace gantry::ecs {
namespace {

constexpr std::uint32_t use_the_calls_only = 0;  // of EcsData::layout_version: no layout's number

}  // namespace

void Unsettled::begin(const void* user, Bring bring) {
    GANTRY_ASSERT(left_ == 0);
    forget_all();
    user_ = user;
    bring_ = std::move(bring);
}

void Unsettled::add_chunk(const Chunk& chunk, std::uint32_t index) {
    if (chunk.id >= chunks_.size()) chunks_.resize(chunk.id + 1u, 0);
    GANTRY_ASSERT(chunks_[chunk.id] == 0);
    chunks_[chunk.id] = index + 1;
    order_.push_back(chunk.id);
    one_more();
}

void Unsettled::add_sparse(ComponentId component, std::uint32_t rows) {
    const std::uint32_t blocks = (rows + block_rows - 1) / block_rows;
    sparse_.push_back({component, std::vector<bool>(blocks, true)});
    for (std::uint32_t i = 0; i < blocks; ++i) one_more();
}

void Unsettled::one_more() noexcept {
    ++left_;
    data_.layout_version = use_the_calls_only;
}

void Unsettled::one_less() noexcept {
    if (--left_ == 0) data_.layout_version = ecs_layout_version;
}

std::uint64_t Unsettled::bring_chunk(std::uint32_t id) {
    if (id >= chunks_.size() || chunks_[id] == 0) return 0;
    const std::uint32_t index = std::exchange(chunks_[id], 0u) - 1;
    const std::uint64_t rows = bring_.chunk(id, index);
    one_less();
    return rows;
}

std::uint64_t Unsettled::bring_block(ComponentId component, std::uint32_t block) {
    for (Blocks& one : sparse_) {
        if (one.component != component) continue;
        if (block >= one.waits.size() || !one.waits[block]) return 0;
        one.waits[block] = false;
        const std::uint64_t rows = bring_.block(component, block);
        one_less();
        return rows;
    }
    return 0;
}

void Unsettled::forget(const Chunk& chunk) noexcept {
    if (!waits(chunk)) return;
    chunks_[chunk.id] = 0;
    one_less();
}

void Unsettled::forget_all() noexcept {
    chunks_.clear();
    order_.clear();
    sparse_.clear();
    next_ = 0;
    left_ = 0;
    data_.layout_version = ecs_layout_version;
}

bool Unsettled::settle(std::uint64_t rows_max) {
    std::uint64_t rows = 0;
    for (; left_ != 0 && next_ < order_.size() && rows < rows_max; ++next_) {
        rows += bring_chunk(order_[next_]);
    }
    for (std::size_t i = 0; left_ != 0 && i < sparse_.size() && rows < rows_max; ++i) {
        const Blocks& one = sparse_[i];
        for (std::uint32_t block = 0; block < one.waits.size() && rows < rows_max; ++block) {
            if (one.waits[block]) rows += bring_block(one.component, block);
        }
    }
    return left_ != 0;
}

}  // namespace gantry::ecs
