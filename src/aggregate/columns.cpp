#include "aggregate/columns.h"

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

std::uint32_t Keys::slot(std::string_view text, std::uint64_t& sequence) {
  const auto [id, is_new] = names.intern(text);
  if (!is_new) return id;
  if (names.slots() > appearance.size()) {
    appearance.resize(names.slots());
    for (auto& column : counts) column.resize(names.slots());
    for (auto& column : rest_parts) column.resize(names.slots());
  }
  appearance[id] = sequence++;
  return id;
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

std::uint32_t Cells::slot(Keys& keys, std::uint32_t key_slot, std::uint32_t part_id, std::uint64_t& sequence) {
  const std::uint64_t where = hash_of(key_slot, part_id);
  const std::uint32_t known =
      index_.find(where, [&](std::uint32_t cell) { return key[cell] == key_slot && part[cell] == part_id; });
  if (known != SlotIndex::none) return known;
  const std::uint32_t cell = take_slot();
  key[cell] = key_slot;
  part[cell] = part_id;
  appearance[cell] = sequence++;
  index_.insert(where, cell);
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
