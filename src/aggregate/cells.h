#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "aggregate/slot_index.h"
#include "aggregate/string_pool.h"

namespace rata::aggregate {

/// A counter for each slot and span. Those of a slot lie side by side: whatever happens to a slot touches one line of
/// memory, and tables of many servers are larger than every cache.
template <typename Counter>
class Counters {
 public:
  explicit Counters(std::size_t spans) : spans_(spans) {}
  Counter& at(std::uint32_t slot, std::size_t span) { return counters_[slot * spans_ + span]; }
  const Counter& at(std::uint32_t slot, std::size_t span) const { return counters_[slot * spans_ + span]; }
  void prefetch(std::uint32_t slot) const { __builtin_prefetch(&counters_[slot * spans_], 1); }
  void resize(std::size_t slots) { counters_.resize(slots * spans_); }

 private:
  std::size_t spans_;
  std::vector<Counter> counters_;
};

/// The keys of a tally. Whatever stands for queries of a key (a cell, the rest of a pane) holds it; what nobody holds
/// is gone, and its slot is another's.
class Keys {
 public:
  struct Key {
    std::uint32_t text = 0;
    std::uint32_t holders = 0;     ///< 0: the slot is free
    std::uint64_t appearance = 0;  ///< grows from key to key
  };
  struct Counter {
    std::uint64_t count = 0;       ///< queries
    std::uint64_t rest_parts = 0;  ///< at most so many parts that are not cells
  };

  Keys(StringPool& texts, std::size_t spans) : counters(spans), texts_(texts) {}

  /// The slot of that text. A new one takes `sequence` and moves it on; hold it before anything is released.
  std::uint32_t slot(std::uint32_t text, std::uint64_t& sequence);
  /// Fetches what `slot` will look at first.
  void prefetch(std::uint32_t text) const { index_.prefetch(hash(text)); }
  void hold(std::uint32_t slot) { ++keys_[slot].holders; }
  void release(std::uint32_t slot);

  const Key& operator[](std::uint32_t slot) const { return keys_[slot]; }
  std::size_t size() const { return keys_.size() - free_.size(); }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(keys_.size()); }

  Counters<Counter> counters;

 private:
  static std::uint64_t hash(std::uint32_t text);

  StringPool& texts_;
  std::vector<Key> keys_;
  std::vector<std::uint32_t> free_;
  SlotIndex index_;
};

/// What is counted inside the keys: one cell for each key and part that came together.
class Cells {
 public:
  struct Cell {
    std::uint32_t key_text = 0, part_text = 0;
    std::uint32_t key = 0;         ///< slot
    std::uint32_t holders = 0;     ///< entries of panes; 0: the slot is free
    std::uint64_t appearance = 0;  ///< grows from cell to cell
  };

  Cells(StringPool& texts, std::size_t spans) : counters(spans), texts_(texts) {}

  static std::uint64_t hash(std::uint32_t key_text, std::uint32_t part_text);
  /// Two steps that fetch what `slot` will look at, so that many searches wait for memory together.
  void prefetch(std::uint64_t hash) const { index_.prefetch(hash); }
  /// False: it is a new cell for sure.
  bool prefetch_guess(std::uint64_t hash) const;
  /// The slot of that cell. A new one holds its texts and its key, takes `sequence` and moves it on; hold it before
  /// anything is released.
  std::uint32_t slot(Keys& keys, std::uint32_t key_text, std::uint32_t part_text, std::uint64_t hash,
                     std::uint64_t& sequence);
  void hold(std::uint32_t slot) { ++cells_[slot].holders; }
  void release(Keys& keys, std::uint32_t slot);

  const Cell& operator[](std::uint32_t slot) const { return cells_[slot]; }
  void prefetch_cell(std::uint32_t slot) const { __builtin_prefetch(&cells_[slot], 1); }
  std::size_t size() const { return cells_.size() - free_.size(); }
  std::uint32_t slots() const { return static_cast<std::uint32_t>(cells_.size()); }

  Counters<std::uint64_t> counters;  ///< queries

 private:
  StringPool& texts_;
  std::vector<Cell> cells_;
  std::vector<std::uint32_t> free_;
  SlotIndex index_;
};

}  // namespace rata::aggregate
