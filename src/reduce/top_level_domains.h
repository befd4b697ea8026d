#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "util/hash.h"
#include "util/result.h"

namespace rata::reduce {

/// The top-level domains that there are: one name a line, as IANA publishes them ("tlds-alpha-by-domain.txt"). Lines
/// that begin with '#' and empty ones say nothing; case and CR do not matter. The root always is one.
class TopLevelDomains {
 public:
  /// Errors: what stands in which line, counted from 1, that is no label.
  static util::Result<TopLevelDomains> parse(std::string_view text);
  /// Errors: the file cannot be read, or what is wrong with which line of it.
  static util::Result<TopLevelDomains> read(const std::string& path);
  /// data/tlds.txt at the time of the build.
  static std::shared_ptr<const TopLevelDomains> built_in();

  /// `name`: of one label and the root, or of the root, lower case in wire form.
  bool contains(std::span<const std::uint8_t> name) const {
    if (name.size() == 1) return true;
    if (name.size() > longest_in_words) return long_ones_.contains(text_of(name));
    const Word word = word_of(name);
    return words_[slot_of(word)] == word;
  }
  std::size_t size() const { return in_words_ + long_ones_.size(); }

 private:
  /// A name but for its root label, in which all have the same. Never 0: it begins with a length.
  using Word = std::uint64_t;
  static constexpr std::size_t longest_in_words = sizeof(Word) + 1;
  static Word word_of(std::span<const std::uint8_t> name) {
    Word word = 0;
    for (const std::uint8_t octet : name.first(name.size() - 1)) word = word << 8 | octet;
    return word;
  }
  static std::string_view text_of(std::span<const std::uint8_t> name) {
    return {reinterpret_cast<const char*>(name.data()), name.size()};
  }

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view name) const {
      return util::table_hash({reinterpret_cast<const std::uint8_t*>(name.data()), name.size()});
    }
  };

  TopLevelDomains() : words_(std::size_t{1} << slot_bits_) {}
  /// Where the word stands, or where it would: there is 0.
  std::size_t slot_of(Word word) const {
    std::size_t i = (word * multiplier_) >> (64 - slot_bits_);
    while (words_[i] != 0 && words_[i] != word) i = (i + 1) & (words_.size() - 1);
    return i;
  }
  void insert(std::string_view label);
  void grow();

  unsigned slot_bits_ = 8;
  std::vector<Word> words_;  ///< nearly all, in a flat table with linear probing; 0: an empty slot
  std::uint64_t multiplier_ = util::table_multiplier();
  std::size_t in_words_ = 0;
  std::unordered_set<std::string, Hash, std::equal_to<>> long_ones_;  ///< in wire form
};

}  // namespace rata::reduce
