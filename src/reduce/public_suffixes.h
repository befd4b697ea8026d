#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "dns/labels.h"
#include "util/result.h"

namespace rata::reduce {

/// Under which names one can register: rules of the public-suffix list, with wildcards ("*.ck") and exceptions
/// ("!www.ck"). A name that no rule fits has its last label as suffix, and so has every name without a list.
/// Source: publicsuffix.org, "Format" and "Algorithm".
class PublicSuffixes {
 public:
  /// Errors: what stands in which line, counted from 1, that is no rule.
  static util::Result<PublicSuffixes> parse(std::string_view text);
  /// Errors: the file cannot be read, or what is wrong with which line of it.
  static util::Result<PublicSuffixes> read(const std::string& path);

  /// How many of a name's last labels are its public suffix. `labels`: of a name in lower case.
  std::size_t labels_of(const dns::Labels& labels) const {
    std::size_t longest = labels.count() == 0 ? 0 : 1;
    for (std::size_t count = 1; count <= labels.count(); ++count) {
      const auto found = suffixes_.find(view(labels.last(count)));
      if (found == suffixes_.end()) break;  // nothing that is longer is a rule either
      if (found->second & exception) return count - 1;
      if (found->second & rule) longest = count;
      if (found->second & wildcard && count < labels.count()) longest = count + 1;
    }
    return longest;
  }

  std::size_t rules() const { return rules_; }

 private:
  enum Marks : std::uint8_t { rule = 1, wildcard = 2, exception = 4 };

  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view wire) const { return std::hash<std::string_view>()(wire); }
  };

  static std::string_view view(std::span<const std::uint8_t> wire) {
    return {reinterpret_cast<const char*>(wire.data()), wire.size()};
  }
  bool add(std::string_view text);

  /// Every rule, and every name that a rule lies below, in wire form.
  std::unordered_map<std::string, std::uint8_t, Hash, std::equal_to<>> suffixes_;
  std::size_t rules_ = 0;
};

}  // namespace rata::reduce
