#pragma once

#include <cstdint>
#include <vector>

#include "reduce/budget.h"

namespace rata::reduce {

/// Counts by key, for keys of up to 64 bits: codes of a few dimensions side by side. A flat table with linear probing.
/// Bounded, with the same stated error, as KeyTable is.
class CodeTable final : public Bounded {
 public:
  /// `budget`: outlives it; nullptr: only `limit` bounds it.
  explicit CodeTable(std::size_t limit, Budget* budget = nullptr);
  ~CodeTable();
  CodeTable(const CodeTable&) = delete;
  CodeTable& operator=(const CodeTable&) = delete;

  void add(std::uint64_t key, std::uint64_t count = 1) {
    Slot& slot = find(key);
    if (slot.count == 0) [[unlikely]]
      return insert(key, count);
    slot.count += count;
  }

  /// Asks for the slot that `add` will look at.
  void prefetch(std::uint64_t key) const { __builtin_prefetch(&slots_[home(key)], 1); }

  /// Adds all of `other` and leaves it empty. The limits add up, so that nothing has to go here.
  void absorb(CodeTable&& other);

  std::size_t size() const { return used_; }
  std::uint64_t error() const { return error_; }                  ///< what a key may lack
  std::uint64_t dropped_keys() const { return dropped_keys_; }    ///< how often a key had to go
  std::uint64_t dropped_count() const { return dropped_count_; }  ///< the sum of what went with them

  struct Entry {
    std::uint64_t key, count;
  };
  /// The entries in the order of the table, which means nothing.
  template <typename Use>
  void each(Use use) const {
    for (const Slot& slot : slots_)
      if (slot.count != 0) use(Entry{slot.key, slot.count});
  }
  /// What the key of another table's entry has here; 0: it is not there.
  std::uint64_t count_of(const Entry& entry) const { return slots_[slot_of(entry.key)].count; }

  void clear();

  std::size_t octets() const override { return slots_.size() * sizeof(Slot); }
  std::size_t octets_soon() const override;
  void drop_smaller_half() override;

 private:
  struct Slot {
    std::uint64_t key;
    std::uint64_t count;  // 0: empty
  };

  std::size_t home(std::uint64_t key) const { return (key * multiplier_) >> shift_; }
  std::size_t slot_of(std::uint64_t key) const {
    const std::size_t mask = slots_.size() - 1;
    std::size_t i = home(key);
    while (slots_[i].count != 0 && slots_[i].key != key) i = (i + 1) & mask;
    return i;
  }
  Slot& find(std::uint64_t key) { return slots_[slot_of(key)]; }
  void insert(std::uint64_t key, std::uint64_t count);
  void resize(std::size_t slots, std::uint64_t above);
  void account(std::size_t octets_before);

  std::uint64_t multiplier_;
  unsigned shift_ = 0;
  std::vector<Slot> slots_;
  std::size_t used_ = 0;
  std::size_t own_slots_ = 0;  // before others were absorbed
  std::size_t own_limit_, limit_;
  std::uint64_t error_ = 0, dropped_keys_ = 0, dropped_count_ = 0;
  Budget* budget_;
};

}  // namespace rata::reduce
