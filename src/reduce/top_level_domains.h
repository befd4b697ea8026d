#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>

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

  /// `label`: lower case, without its length; empty: the root.
  bool contains(std::span<const std::uint8_t> label) const {
    return label.empty() ||
           labels_.contains(std::string_view(reinterpret_cast<const char*>(label.data()), label.size()));
  }
  std::size_t size() const { return labels_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view label) const {
      return util::table_hash({reinterpret_cast<const std::uint8_t*>(label.data()), label.size()});
    }
  };
  std::unordered_set<std::string, Hash, std::equal_to<>> labels_;
};

}  // namespace rata::reduce
