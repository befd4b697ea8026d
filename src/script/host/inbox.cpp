#include "script/host/inbox.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace rata::script {

void Inbox::add(std::span<const std::uint8_t> record) {
  RecordHeader header;
  std::memcpy(&header, record.data(), sizeof header);
  Pending& pending = windows_[header.window];
  pending.blocks.push_back(pending.octets.size());
  pending.octets.insert(pending.octets.end(), record.begin(), record.end());
}

void Inbox::settle() {
  for (auto window = windows_.begin(); window != windows_.end();) {
    if (window->second.blocks.empty()) {
      window = windows_.erase(window);  // nothing came since the last time
      continue;
    }
    settle(window->first, window->second);
    window->second.octets.clear();
    window->second.blocks.clear();
    ++window;
  }
}

void Inbox::use_at_once(std::span<const std::uint8_t> record) {
  std::vector<BlockReader> block;
  block.emplace_back(record, columns_);
  use_by_search(block.front().window(), block);
}

void Inbox::settle(std::uint32_t window, const Pending& pending) {
  std::vector<BlockReader> blocks;
  blocks.reserve(pending.blocks.size());
  for (const std::size_t begin : pending.blocks) {
    const std::uint8_t* const record = pending.octets.data() + begin;
    std::uint32_t size;
    std::memcpy(&size, record, sizeof size);
    if (BlockReader block(std::span(record, size), columns_); block.size() > 0) blocks.push_back(std::move(block));
  }
  // Threads may have come in any order; of equal turns, at the end of the input, the first shard's goes first.
  std::ranges::stable_sort(blocks, {}, &BlockReader::shard);
  if (count_turns(blocks))
    use_by_turn(window, blocks);
  else
    use_by_search(window, blocks);
}

/// Counting instead of comparing: turns are numbers of frames that were read together, close to each other. False: they
/// are not.
bool Inbox::count_turns(std::span<const BlockReader> blocks) {
  constexpr std::uint64_t most_turns = 1u << 18;
  std::uint64_t last = 0;
  first_turn_ = UINT64_MAX;
  for (const BlockReader& block : blocks) {
    first_turn_ = std::min(first_turn_, block.turn(0));
    last = std::max(last, block.turn(block.size() - 1));
  }
  if (blocks.empty() || last - first_turn_ >= most_turns) return false;
  place_of_.assign(last - first_turn_ + 1, 0);
  for (const BlockReader& block : blocks)
    for (std::uint32_t i = 0; i < block.size(); ++i) ++place_of_[block.turn(i) - first_turn_];
  std::exclusive_scan(place_of_.begin(), place_of_.end(), place_of_.begin(), std::uint32_t{0});
  messages_ = 0;
  for (const BlockReader& block : blocks) messages_ += block.size();
  return true;
}

void Inbox::use_by_turn(std::uint32_t window, std::vector<BlockReader>& blocks) {
  for (std::size_t base = 0; base < messages_; base += Columns::most_messages) {
    const std::size_t end = std::min(base + Columns::most_messages, messages_);
    for (BlockReader& block : blocks) put_below(block, base, end);
    use_(window, end - base);
  }
}

/// Puts those messages of a block into the columns that belong before `end`; the columns begin with `base`.
void Inbox::put_below(BlockReader& block, std::size_t base, std::size_t end) {
  std::array<std::uint16_t, 128> places;
  while (block.next() < block.size()) {
    std::size_t count = 0;
    for (std::uint32_t i = block.next(); i < block.size() && count < places.size(); ++i) {
      std::uint32_t& place = place_of_[block.turn(i) - first_turn_];
      if (place >= end) break;
      places[count++] = static_cast<std::uint16_t>(place++ - base);
    }
    if (count == 0) return;
    block.put(columns_, std::span(places).first(count));
  }
}

/// One after the other, the next always the one with the smallest turn.
void Inbox::use_by_search(std::uint32_t window, std::vector<BlockReader>& blocks) {
  std::size_t at_hand = 0;
  for (;;) {
    BlockReader* next = nullptr;
    for (BlockReader& block : blocks)
      if (block.next() < block.size() && (next == nullptr || block.turn(block.next()) < next->turn(next->next())))
        next = &block;
    if (next == nullptr) break;
    const std::array place = {static_cast<std::uint16_t>(at_hand++)};
    next->put(columns_, place);
    if (at_hand == Columns::most_messages) use_(window, std::exchange(at_hand, 0));
  }
  if (at_hand > 0) use_(window, at_hand);
}

}  // namespace rata::script
