#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "traffic/alias_table.h"
#include "traffic/options.h"

namespace rata::traffic {

/// The names that can be asked for: those registered below the TLD, by popularity, and the victims of the floods.
class Names {
 public:
  explicit Names(const Options& options);

  /// The rank of a registered name, by Zipf's law.
  std::uint32_t draw(Random& random) const { return popularity_.draw(random); }

  /// One label: the registered name without the TLD.
  std::string_view registered(std::uint32_t rank) const {
    return {labels_.data() + begins_[rank], begins_[rank + 1] - begins_[rank]};
  }

  const std::string& tld() const { return tld_; }
  const std::vector<std::string>& victims() const { return victims_; }

  /// One label, the name of a company that runs name servers for others. Equal hash, equal name.
  const std::string& provider(std::uint64_t hash) const { return providers_[hash % providers_.size()]; }

 private:
  const std::string tld_;
  std::string labels_;
  std::vector<std::uint32_t> begins_;  // of each label, and the end of the last
  std::vector<std::string> victims_;
  std::vector<std::string> providers_;
  AliasTable popularity_;
};

}  // namespace rata::traffic
