#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/slot_index.h"

namespace rata::aggregate {

/// Texts by small number. A text lives while somebody holds it; then its number is given to another, so that days of
/// random names take no more memory than the names of one span.
class StringPool {
 public:
  struct Interned {
    std::uint32_t id = 0;
    bool is_new = false;
  };
  /// The number of `text`. A new one is held by nobody yet: hold it before anything is released.
  Interned intern(std::string_view text) { return intern(text, hash_of(text)); }
  /// Calls `use(place, interned)` for each of many texts, in their order.
  template <typename Use>
  void intern_each(std::span<const std::string_view> texts, Use use);
  void hold(std::uint32_t id) { ++entries_[id].holders; }
  /// True when that was the last holder and the text is gone.
  bool release(std::uint32_t id);

  std::string_view text(std::uint32_t id) const { return entries_[id].text; }
  bool before(std::uint32_t left, std::uint32_t right) const {
    if (prefixes_[left] != prefixes_[right]) return prefixes_[left] < prefixes_[right];
    return text(left) < text(right);
  }

  std::size_t size() const { return entries_.size() - free_.size(); }  ///< texts held
  std::size_t slots() const { return entries_.size(); }                ///< all numbers are below it

 private:
  static constexpr std::size_t group = 16;  // searches that wait for memory together

  static std::uint64_t hash_of(std::string_view text);
  Interned intern(std::string_view text, std::uint64_t hash);

  struct Entry {
    std::string text;
    std::uint64_t hash = 0;
    std::uint32_t holders = 0;
  };

  std::vector<Entry> entries_;
  /// In the order of the texts, as far as eight octets tell: most comparisons need no look at the text itself.
  std::vector<std::uint64_t> prefixes_;
  std::vector<std::uint32_t> free_;
  SlotIndex index_;
};

template <typename Use>
void StringPool::intern_each(std::span<const std::string_view> texts, Use use) {
  std::array<std::uint64_t, group> hashes{};
  std::array<std::uint32_t, group> guesses{};
  for (std::size_t first = 0; first < texts.size(); first += group) {
    const std::size_t size = std::min(group, texts.size() - first);
    for (std::size_t i = 0; i < size; ++i) {
      hashes[i] = hash_of(texts[first + i]);
      index_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < size; ++i) {
      guesses[i] = index_.guess(hashes[i]);
      if (guesses[i] != SlotIndex::none) __builtin_prefetch(&entries_[guesses[i]]);
    }
    for (std::size_t i = 0; i < size; ++i)
      if (guesses[i] != SlotIndex::none) __builtin_prefetch(entries_[guesses[i]].text.data());
    for (std::size_t i = 0; i < size; ++i) use(first + i, intern(texts[first + i], hashes[i]));
  }
}

}  // namespace rata::aggregate
