#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace rata::aggregate {

/// Finds slots of a table kept elsewhere by the hash of what is in them: open addressing, eight octets an entry.
/// Not handled: more than 2^31 entries.
class SlotIndex {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  /// The slot under `hash` for which `is_it(slot)` holds, or `none`.
  template <typename IsIt>
  std::uint32_t find(std::uint64_t hash, IsIt is_it) const {
    if (entries_.empty()) return none;
    const std::uint32_t tag = tag_of(hash);
    for (std::size_t at = home(tag);; at = next(at)) {
      const Entry& entry = entries_[at];
      if (entry.slot == none) return none;
      if (entry.tag == tag && is_it(entry.slot)) return entry.slot;
    }
  }

  // Tables larger than the cache cost a wait for memory at each step of a search. Asked for a group at a time, first
  // where each will be looked for, then what seems to be there, the waits overlap.
  void prefetch(std::uint64_t hash) const {
    if (!entries_.empty()) __builtin_prefetch(&entries_[home(tag_of(hash))]);
  }
  /// What `find` would most likely look at first, or `none`.
  std::uint32_t guess(std::uint64_t hash) const {
    return find(hash, [](std::uint32_t) { return true; });
  }

  /// `slot` must not be inside yet.
  void insert(std::uint64_t hash, std::uint32_t slot) {
    if (entries_.size() < 16 || (size_ + 1) * 10 > entries_.size() * 7) grow();
    place({slot, tag_of(hash)});
    ++size_;
  }

  /// `slot` must be inside, under `hash`.
  void erase(std::uint64_t hash, std::uint32_t slot) {
    std::size_t hole = home(tag_of(hash));
    while (entries_[hole].slot != slot) hole = next(hole);
    // Later entries of the run move up unless that would put them before their home: no tombstones, so a table that
    // forgets as much as it learns stays as quick as a new one.
    for (std::size_t at = next(hole); entries_[at].slot != none; at = next(at)) {
      const std::size_t from_home = (at - home(entries_[at].tag)) & mask();
      if (from_home < ((at - hole) & mask())) continue;
      entries_[hole] = entries_[at];
      hole = at;
    }
    entries_[hole] = {};
    --size_;
  }

 private:
  struct Entry {
    std::uint32_t slot = none;
    std::uint32_t tag = 0;
  };

  static std::uint32_t tag_of(std::uint64_t hash) { return static_cast<std::uint32_t>(hash >> 32); }
  std::size_t mask() const { return entries_.size() - 1; }
  std::size_t home(std::uint32_t tag) const { return tag & mask(); }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }

  void place(Entry entry) {
    std::size_t at = home(entry.tag);
    while (entries_[at].slot != none) at = next(at);
    entries_[at] = entry;
  }

  void grow() {
    std::vector<Entry> old(entries_.empty() ? 16 : entries_.size() * 2);
    old.swap(entries_);
    for (const Entry& entry : old)
      if (entry.slot != none) place(entry);
  }

  std::vector<Entry> entries_;  ///< a power of two
  std::size_t size_ = 0;
};

}  // namespace rata::aggregate
