#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "aggregate/slot_index.h"
#include "aggregate/string_pool.h"

namespace rata::aggregate {

/// For each span a column of counters, so that looking through one span touches nothing else.
using Columns = std::vector<std::vector<std::uint64_t>>;

/// The keys of a table, with their counters. A key's slot is its number in `names`; whatever stands for queries of a
/// key (a cell, the rest of a pane) holds it.
class Keys {
 public:
  explicit Keys(std::size_t spans) : counts(spans), rest_parts(spans) {}

  /// The slots of `texts`; a new key takes `sequence` and moves it on.
  std::vector<std::uint32_t> slots(std::span<const std::string_view> texts, std::uint64_t& sequence);

  StringPool names;
  Columns counts;                         ///< queries, by span and slot
  Columns rest_parts;                     ///< at most so many parts that are not cells, by span and slot
  std::vector<std::uint64_t> appearance;  ///< grows from key to key

 private:
  void make_room();
};

/// What is counted inside the keys: one cell for each key and part that came together.
class Cells {
 public:
  explicit Cells(std::size_t spans) : counts(spans) {}

  /// The slots of the cells of these keys and parts, side by side; a new one holds both.
  std::vector<std::uint32_t> slots(Keys& keys, std::span<const std::uint32_t> key_slots,
                                   std::span<const std::uint32_t> part_ids, std::uint64_t& sequence);
  /// Frees a cell whose counters are all zero.
  void forget(Keys& keys, std::uint32_t cell);

  std::size_t size() const { return key.size() - free_.size(); }
  std::size_t slots() const { return key.size(); }
  bool is_free(std::uint32_t cell) const { return panes[cell] == 0; }

  StringPool parts;
  Columns counts;
  std::vector<std::uint32_t> key, part;
  std::vector<std::uint32_t> panes;  ///< how many panes speak of the cell; 0: the slot is free
  std::vector<std::uint64_t> appearance;

 private:
  std::uint32_t slot(Keys& keys, std::uint32_t key_slot, std::uint32_t part_id, std::uint64_t hash,
                     std::uint64_t& sequence);
  std::uint32_t take_slot();

  std::vector<std::uint32_t> free_;
  SlotIndex index_;
};

}  // namespace rata::aggregate
