#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reduce/arena.h"
#include "reduce/budget.h"
#include "util/cache_aligned.h"

namespace rata::reduce {

/// Counts by key, for keys that are short strings of octets (names, addresses). A flat table of 16-octet slots with
/// linear probing; the keys lie one after the other in an arena.
///
/// Bounded: at `limit` keys, and when the budget has no more room for it, the smaller half goes. A key that is not in
/// the table then had at most `error()` of the count, and a key that is may lack as much; while nothing had to go,
/// `error()` is 0 and every count is exact. What is dropped depends on counts alone, never on the order of slots, so a
/// table is repeatable.
class KeyTable final : public Bounded {
 public:
  struct Entry {
    std::span<const std::uint8_t> key;
    std::uint64_t count;
    std::uint32_t hash;  ///< the lower half of the key's
  };

  /// `budget`: outlives it; nullptr: only `limit` bounds it.
  explicit KeyTable(std::size_t limit = 1u << 20, Budget* budget = nullptr);
  ~KeyTable();
  KeyTable(const KeyTable&) = delete;
  KeyTable& operator=(const KeyTable&) = delete;

  /// Adds to a key's count. `hash`: util::table_hash of the key. Keys are at most 65535 octets.
  void add(std::uint64_t hash, std::span<const std::uint8_t> key, std::uint64_t count = 1);

  /// Asks for the slot that `add` will look at, and later for the key that this slot names. Called in this order a few
  /// keys ahead, they hide both ways to memory.
  void prefetch(std::uint64_t hash) const noexcept;
  void prefetch_key(std::uint64_t hash) const noexcept;

  /// Adds all of `other` and leaves it empty. The limits add up, so that nothing has to go here.
  void absorb(KeyTable&& other);
  /// Adds of `other` those keys whose hash is in one of so many equal parts. Errors and what was dropped are not of a
  /// part, and stay there.
  void absorb_part(const KeyTable& other, std::size_t part, std::size_t parts);

  std::size_t size() const { return used_; }
  std::uint64_t error() const { return error_; }                  ///< see above
  std::uint64_t dropped_keys() const { return dropped_keys_; }    ///< how often a key had to go
  std::uint64_t dropped_count() const { return dropped_count_; }  ///< the sum of what went with them

  /// The entries in the order of the table, which means nothing. Lifetime: until the next change.
  template <typename Use>
  void each(Use use) const {
    for (const Slot& slot : slots_)
      if (slot.count != 0) use(Entry{key_of(slot), slot.count, slot.hash});
  }
  /// What the key of another table's entry has here; 0: it is not there.
  std::uint64_t count_of(const Entry& entry) const { return slots_[slot_of(entry.hash, entry.key)].count; }

  struct Ranked {
    std::string text;
    std::uint64_t count;
  };
  static bool ranks_before(const Ranked& a, const Ranked& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  }
  /// The `count` largest, by count descending, then by their text ascending.
  std::vector<Ranked> top(std::size_t count, std::string (*text)(std::span<const std::uint8_t>)) const;

  void clear();

  std::size_t octets() const override { return slots_.size() * sizeof(Slot) + keys_.capacity(); }
  std::size_t octets_soon() const override;
  void drop_smaller_half() override;

 private:
  struct Slot {
    std::uint32_t hash;    // also finds the slot again when the table grows
    std::uint32_t offset;  // into keys_, in units of two octets
    std::uint64_t count;   // 0: empty
  };
  using Slots = util::CacheAlignedVector<Slot>;

  /// A key's search begins where the cache line of its slot does: nearly always it ends in the same line.
  static constexpr std::size_t line_slots = util::cache_line_octets / sizeof(Slot);
  std::size_t home(std::uint32_t hash) const { return hash & mask_ & ~(line_slots - 1); }

  static std::span<const std::uint8_t> key_at(const Arena& keys, std::uint32_t offset);
  std::span<const std::uint8_t> key_of(const Slot& slot) const { return key_at(keys_, slot.offset); }
  std::size_t slot_of(std::uint32_t hash, std::span<const std::uint8_t> key) const;
  Slot& find(std::uint32_t hash, std::span<const std::uint8_t> key) { return slots_[slot_of(hash, key)]; }
  void insert(std::uint32_t hash, std::span<const std::uint8_t> key, std::uint64_t count);
  template <typename Wanted>
  void add_slots(const KeyTable& other, std::size_t expected, Wanted wanted);
  std::uint32_t keep(std::span<const std::uint8_t> key);
  void make_room();
  void resize(std::size_t slots);
  void account(std::size_t octets_before);
  void release_memory(std::size_t slots);
  void keep_above(std::uint64_t threshold, std::size_t kept);

  std::size_t own_slots_ = 0;  // before others were absorbed
  std::size_t own_limit_;      // as configured
  std::size_t limit_;          // with those of the tables absorbed since the last clear
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::uint64_t error_ = 0, dropped_keys_ = 0, dropped_count_ = 0;
  Slots slots_;
  Arena keys_;  // two octets of length, then the key, padded to an even size
  Budget* budget_;
};

}  // namespace rata::reduce
