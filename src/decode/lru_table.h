#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cassert>
#include <cstdint>
#include <cstring>
#include <deque>
#include <vector>

#include "util/address.h"
#include "util/hash.h"

namespace rata::decode {

/// Who talks to whom: two addresses, and a word for what tells apart what is left. Made of whole words, and read in
/// them: a word that was written in parts could not be read before its parts have met in the cache.
struct FlowKey {
  using Words = std::array<std::uint64_t, 2>;

  Words first, second;  ///< addresses, their octets as they lie in memory
  std::uint64_t rest;   ///< ports, or a fragment's number and protocol; the address family

  static Words words_of(const util::Address& address) {
    Words words;
    std::memcpy(words.data(), address.octets.data(), sizeof words);
    return words;
  }

  std::uint64_t hash() const { return util::table_hash({reinterpret_cast<const std::uint8_t*>(this), sizeof *this}); }

  friend bool operator==(const FlowKey& a, const FlowKey& b) {
    return a.first[0] == b.first[0] && a.first[1] == b.first[1] && a.second[0] == b.second[0] &&
           a.second[1] == b.second[1] && a.rest == b.rest;
  }
};
static_assert(sizeof(FlowKey) == 40, "the hash reads it whole: no padding");

/// A hash table of bounded size whose entries stand in a row, the one touched last at the end. Entries do not move;
/// memory grows with use up to `capacity` and stays.
/// The hash is keyed per process but decides nothing that could be seen: what goes is chosen by the row.
template <typename Value>
class LruTable {
 public:
  struct Entry {
    FlowKey key{};
    Value value{};

   private:
    friend LruTable;
    std::uint32_t chain = none;
    std::uint32_t slot = 0;  // of its chain
    std::uint32_t older = none, newer = none;
    std::uint32_t index = 0;
  };

  explicit LruTable(std::size_t capacity)
      : capacity_(std::max<std::size_t>(capacity, 1)), heads_(std::bit_ceil(capacity_), none) {}

  std::size_t size() const { return size_; }
  bool full() const { return size_ >= capacity_; }

  Entry* find(const FlowKey& key) {
    for (std::uint32_t i = heads_[slot_of(key)]; i != none; i = entries_[i].chain)
      if (entries_[i].key == key) return &entries_[i];
    return nullptr;
  }

  /// A new entry with an empty value, as the newest. The key must not be there yet, and the table not full.
  Entry& insert(const FlowKey& key) {
    assert(!full());
    std::uint32_t index = free_;
    if (index != none) {
      free_ = entries_[index].chain;
    } else {
      index = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back().index = index;
    }
    Entry& entry = entries_[index];
    entry.key = key;
    entry.slot = slot_of(key);
    std::uint32_t& head = heads_[entry.slot];
    entry.chain = head;
    head = index;
    append(entry);
    ++size_;
    return entry;
  }

  void touch(Entry& entry) {
    if (entry.newer == none) return;
    take_out(entry);
    append(entry);
  }

  void erase(Entry& entry) {
    std::uint32_t* link = &heads_[entry.slot];
    while (*link != entry.index) link = &entries_[*link].chain;
    *link = entry.chain;
    take_out(entry);
    entry.value = Value{};
    entry.chain = free_;
    free_ = entry.index;
    --size_;
  }

  Entry* oldest() { return oldest_ == none ? nullptr : &entries_[oldest_]; }
  Entry* newer_than(const Entry& entry) { return entry.newer == none ? nullptr : &entries_[entry.newer]; }

 private:
  static constexpr std::uint32_t none = 0xffffffff;

  std::uint32_t slot_of(const FlowKey& key) const {
    return static_cast<std::uint32_t>(key.hash() & (heads_.size() - 1));
  }

  void append(Entry& entry) {
    entry.older = newest_;
    entry.newer = none;
    (newest_ == none ? oldest_ : entries_[newest_].newer) = entry.index;
    newest_ = entry.index;
  }

  void take_out(Entry& entry) {
    (entry.older == none ? oldest_ : entries_[entry.older].newer) = entry.newer;
    (entry.newer == none ? newest_ : entries_[entry.newer].older) = entry.older;
  }

  std::size_t capacity_;
  std::size_t size_ = 0;
  std::vector<std::uint32_t> heads_;
  std::deque<Entry> entries_;
  std::uint32_t free_ = none;
  std::uint32_t oldest_ = none, newest_ = none;
};

}  // namespace rata::decode
