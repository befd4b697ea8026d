#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "util/time.h"

namespace rata::decode {

/// Memory for joined payloads, all given back at once. Chunks stay for the next round.
class Arena {
 public:
  std::span<std::uint8_t> take(std::size_t octets) {
    while (chunk_ < chunks_.size() && chunks_[chunk_].size - used_ < octets) {
      ++chunk_;
      used_ = 0;
    }
    if (chunk_ == chunks_.size()) add_chunk(octets);
    const std::span<std::uint8_t> taken(chunks_[chunk_].octets.get() + used_, octets);
    used_ += octets;
    return taken;
  }

  std::span<const std::uint8_t> copy(std::span<const std::uint8_t> octets) {
    const auto taken = take(octets.size());
    std::copy(octets.begin(), octets.end(), taken.begin());
    return taken;
  }

  void release() {
    if (chunks_.size() > kept_chunks) chunks_.resize(kept_chunks);
    chunk_ = 0;
    used_ = 0;
  }

 private:
  struct Chunk {
    std::unique_ptr<std::uint8_t[]> octets;
    std::size_t size;
  };

  static constexpr std::size_t chunk_octets = 128 * 1024;
  static constexpr std::size_t kept_chunks = 8;

  void add_chunk(std::size_t octets) {
    const std::size_t size = std::max(chunk_octets, octets);
    chunks_.push_back({std::make_unique_for_overwrite<std::uint8_t[]>(size), size});
    used_ = 0;
  }

  std::vector<Chunk> chunks_;
  std::size_t chunk_ = 0;
  std::size_t used_ = 0;
};

/// Which frame octets came with.
struct Stamp {
  util::Time time;
  std::uint64_t ordinal = 0;
  std::uint16_t input = 0;

  /// The later frame completes what both carried.
  void advance(const Stamp& other) {
    if (other.ordinal >= ordinal) *this = other;
  }
};

/// A piece of stream data that waits, in a list of its stream.
struct Block {
  std::uint64_t offset = 0;  ///< of its first octet in the stream (out-of-order data only)
  Stamp stamp;
  std::uint32_t next = 0;
  std::uint32_t size = 0;
  std::uint8_t octets[472];

  std::span<const std::uint8_t> data() const { return {octets, size}; }
  std::uint64_t end() const { return offset + size; }
};
static_assert(sizeof(Block) == 512);

/// Blocks by number, a fixed number of them at most; memory comes a page at a time when first needed.
class BlockPool {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  explicit BlockPool(std::size_t capacity) : capacity_(static_cast<std::uint32_t>(capacity)) {}

  Block& operator[](std::uint32_t index) { return pages_[index / page_blocks][index % page_blocks]; }

  /// `none` when all blocks are in use.
  std::uint32_t take() {
    if (free_ == none && !grow()) return none;
    const std::uint32_t index = free_;
    Block& block = (*this)[index];
    free_ = block.next;
    block.next = none;
    block.size = 0;
    ++used_;
    return index;
  }

  void give_back(std::uint32_t index) {
    (*this)[index].next = free_;
    free_ = index;
    --used_;
  }

  std::size_t available() const { return capacity_ - used_; }

 private:
  static constexpr std::uint32_t page_blocks = 64;

  bool grow() {
    if (made_ >= capacity_) return false;
    if (made_ % page_blocks == 0) pages_.push_back(std::make_unique<Block[]>(page_blocks));
    (*this)[made_].next = none;
    free_ = made_++;
    return true;
  }

  std::uint32_t capacity_;
  std::uint32_t made_ = 0;
  std::uint32_t used_ = 0;
  std::uint32_t free_ = none;
  std::vector<std::unique_ptr<Block[]>> pages_;
};

}  // namespace rata::decode
