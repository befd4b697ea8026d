#include "aggregate/columns.h"

#include <algorithm>
#include <array>
#include <cassert>

#include "util/hash.h"

namespace rata::aggregate {
namespace {

std::uint64_t hash_of(std::uint32_t key, std::uint32_t part) {
  std::array<std::uint8_t, 8> octets{};
  for (std::size_t i = 0; i < 4; ++i) {
    octets[i] = static_cast<std::uint8_t>(key >> (8 * i));
    octets[4 + i] = static_cast<std::uint8_t>(part >> (8 * i));
  }
  return util::table_hash(octets);
}

}  // namespace

std::vector<std::uint32_t> Keys::slots(std::span<const std::string_view> texts, std::uint64_t& sequence) {
  std::vector<std::uint32_t> slots(texts.size());
  names.intern_each(texts, [&](std::size_t place, StringPool::Interned name) {
    slots[place] = name.id;
    if (!name.is_new) return;
    make_room();
    appearance[name.id] = sequence++;
  });
  return slots;
}

void Keys::make_room() {
  if (names.slots() <= appearance.size()) return;
  appearance.resize(names.slots());
  for (auto& column : counts) column.resize(names.slots());
  for (auto& column : rest_parts) column.resize(names.slots());
}

std::uint32_t Cells::take_slot() {
  if (!free_.empty()) {
    const std::uint32_t cell = free_.back();
    free_.pop_back();
    return cell;
  }
  key.emplace_back();
  part.emplace_back();
  panes.emplace_back();
  appearance.emplace_back();
  for (auto& column : counts) column.emplace_back();
  return static_cast<std::uint32_t>(key.size() - 1);
}

std::vector<std::uint32_t> Cells::slots(Keys& keys, std::span<const std::uint32_t> key_slots,
                                        std::span<const std::uint32_t> part_ids, std::uint64_t& sequence) {
  constexpr std::size_t group = 16;  // searches that wait for memory together
  std::array<std::uint64_t, group> hashes{};
  std::vector<std::uint32_t> slots;
  slots.reserve(key_slots.size());
  for (std::size_t first = 0; first < key_slots.size(); first += group) {
    const std::size_t size = std::min(group, key_slots.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      hashes[i] = hash_of(key_slots[first + i], part_ids[first + i]);
      index_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      const std::uint32_t guess = index_.guess(hashes[i]);
      if (guess == SlotIndex::none) continue;
      __builtin_prefetch(&key[guess]);
      __builtin_prefetch(&part[guess]);
    }
    for (std::size_t i = 0; i < size; ++i)
      slots.push_back(slot(keys, key_slots[first + i], part_ids[first + i], hashes[i], sequence));
  }
  return slots;
}

std::uint32_t Cells::slot(Keys& keys, std::uint32_t key_slot, std::uint32_t part_id, std::uint64_t hash,
                          std::uint64_t& sequence) {
  const std::uint32_t known =
      index_.find(hash, [&](std::uint32_t cell) { return key[cell] == key_slot && part[cell] == part_id; });
  if (known != SlotIndex::none) return known;
  const std::uint32_t cell = take_slot();
  key[cell] = key_slot;
  part[cell] = part_id;
  appearance[cell] = sequence++;
  index_.insert(hash, cell);
  keys.names.hold(key_slot);
  parts.hold(part_id);
  return cell;
}

void Cells::forget(Keys& keys, std::uint32_t cell) {
  assert(panes[cell] == 0);
  index_.erase(hash_of(key[cell], part[cell]), cell);
  parts.release(part[cell]);
  keys.names.release(key[cell]);
  free_.push_back(cell);
}

}  // namespace rata::aggregate
