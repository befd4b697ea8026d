#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rata::reduce {

/// Counts by key, for keys that are short strings of octets (names, addresses). A flat table of 16-octet slots with
/// linear probing; the keys lie one after the other in an arena.
///
/// Bounded: at `limit` keys the smaller half goes. A key that is not in the table then had at most `error()` of the
/// count, and a key that is may lack as much; while nothing had to go, `error()` is 0 and every count is exact. What is
/// dropped depends on counts alone, never on the order of slots, so a table is repeatable.
class KeyTable {
 public:
  struct Entry {
    std::span<const std::uint8_t> key;
    std::uint64_t count;
  };

  explicit KeyTable(std::size_t limit = 1u << 20);

  /// Adds to a key's count. `hash`: util::table_hash of the key. Keys are at most 65535 octets.
  void add(std::uint64_t hash, std::span<const std::uint8_t> key, std::uint64_t count = 1);

  /// Asks for the slot that `add` will look at, and later for the key that this slot names. Called in this order a few
  /// keys ahead, they hide both ways to memory.
  void prefetch(std::uint64_t hash) const noexcept;
  void prefetch_key(std::uint64_t hash) const noexcept;

  /// Adds all of `other` and leaves it empty. The limits add up, so that nothing has to go here.
  void absorb(KeyTable&& other);

  std::size_t size() const { return used_; }
  std::uint64_t error() const { return error_; }                  ///< see above
  std::uint64_t dropped_keys() const { return dropped_keys_; }    ///< how often a key had to go
  std::uint64_t dropped_count() const { return dropped_count_; }  ///< the sum of what went with them

  /// The entries in the order of the table, which means nothing. Lifetime: until the next change.
  template <typename Use>
  void each(Use use) const {
    for (const Slot& slot : slots_)
      if (slot.count != 0) use(Entry{key_of(slot), slot.count});
  }

  struct Ranked {
    std::string text;
    std::uint64_t count;
  };
  /// The `count` largest, by count descending, then by their text ascending.
  std::vector<Ranked> top(std::size_t count, std::string (*text)(std::span<const std::uint8_t>)) const;

  void clear();

 private:
  struct Slot {
    std::uint32_t hash;    // also finds the slot again when the table grows
    std::uint32_t offset;  // into keys_, in units of two octets
    std::uint64_t count;   // 0: empty
  };

  std::span<const std::uint8_t> key_of(const Slot& slot) const;
  Slot& find(std::uint32_t hash, std::span<const std::uint8_t> key);
  std::uint32_t keep(std::span<const std::uint8_t> key);
  void resize(std::size_t slots);
  void drop_smaller_half();

  std::size_t own_limit_;  // as configured
  std::size_t limit_;      // with those of the tables absorbed since the last clear
  std::size_t mask_ = 0;
  std::size_t used_ = 0;
  std::uint64_t error_ = 0, dropped_keys_ = 0, dropped_count_ = 0;
  std::vector<Slot> slots_;
  std::vector<std::uint8_t> keys_;  // two octets of length, then the key, padded to an even size
};

}  // namespace rata::reduce
