#include "aggregate/cells.h"

#include <cassert>

#include "util/hash.h"

namespace rata::aggregate {
namespace {

/// A free slot, or a new one: then true.
template <typename Record>
bool take_slot(std::vector<Record>& records, std::vector<std::uint32_t>& free, std::uint32_t& slot) {
  if (free.empty()) {
    slot = static_cast<std::uint32_t>(records.size());
    records.emplace_back();
    return true;
  }
  slot = free.back();
  free.pop_back();
  return false;
}

}  // namespace

std::uint64_t Keys::hash(std::uint32_t text) { return text * util::table_multiplier(); }

std::uint32_t Keys::slot(std::uint32_t text, std::uint64_t& sequence) {
  std::uint32_t slot = index_.find(hash(text), [&](std::uint32_t key) { return keys_[key].text == text; });
  if (slot != SlotIndex::none) return slot;
  if (take_slot(keys_, free_, slot)) counters.resize(keys_.size());
  keys_[slot] = {text, 0, sequence++};
  index_.insert(hash(text), slot);
  texts_.hold(text);
  return slot;
}

void Keys::release(std::uint32_t slot) {
  Key& key = keys_[slot];
  assert(key.holders > 0);
  if (--key.holders > 0) return;
  index_.erase(hash(key.text), slot);
  texts_.release(key.text);
  free_.push_back(slot);
}

std::uint64_t Cells::hash(std::uint32_t key_text, std::uint32_t part_text) {
  return (std::uint64_t{key_text} << 32 | part_text) * util::table_multiplier();
}

bool Cells::prefetch_guess(std::uint64_t hash) const {
  const std::uint32_t guess = index_.guess(hash);
  if (guess != SlotIndex::none) prefetch_cell(guess);
  return guess != SlotIndex::none;
}

std::uint32_t Cells::slot(Keys& keys, std::uint32_t key_text, std::uint32_t part_text, std::uint64_t hash,
                          std::uint64_t& sequence) {
  std::uint32_t slot = index_.find(hash, [&](std::uint32_t cell) {
    return cells_[cell].key_text == key_text && cells_[cell].part_text == part_text;
  });
  if (slot != SlotIndex::none) return slot;
  if (take_slot(cells_, free_, slot)) counters.resize(cells_.size());
  const std::uint32_t key = keys.slot(key_text, sequence);
  cells_[slot] = {key_text, part_text, key, 0, sequence++};
  index_.insert(hash, slot);
  keys.hold(key);
  texts_.hold(part_text);
  return slot;
}

void Cells::release(Keys& keys, std::uint32_t slot) {
  Cell& cell = cells_[slot];
  assert(cell.holders > 0);
  if (--cell.holders > 0) return;
  index_.erase(hash(cell.key_text, cell.part_text), slot);
  texts_.release(cell.part_text);
  keys.release(cell.key);
  free_.push_back(slot);
}

}  // namespace rata::aggregate
