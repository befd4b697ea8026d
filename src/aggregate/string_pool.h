#pragma once

#include <cstddef>
#include <cstdint>
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
  Interned intern(std::string_view text);
  void hold(std::uint32_t id) { ++entries_[id].holders; }
  /// True when that was the last holder and the text is gone.
  bool release(std::uint32_t id);

  std::string_view text(std::uint32_t id) const { return entries_[id].text; }
  /// In the order of the texts, as far as eight octets tell: most comparisons need no look at the text itself.
  std::uint64_t prefix(std::uint32_t id) const { return prefixes_[id]; }
  bool before(std::uint32_t left, std::uint32_t right) const {
    if (prefixes_[left] != prefixes_[right]) return prefixes_[left] < prefixes_[right];
    return text(left) < text(right);
  }

  std::size_t size() const { return entries_.size() - free_.size(); }  ///< texts held
  std::size_t slots() const { return entries_.size(); }                ///< all numbers are below it

 private:
  struct Entry {
    std::string text;
    std::uint64_t hash = 0;
    std::uint32_t holders = 0;
  };

  std::vector<Entry> entries_;
  std::vector<std::uint64_t> prefixes_;
  std::vector<std::uint32_t> free_;
  SlotIndex index_;
};

}  // namespace rata::aggregate
