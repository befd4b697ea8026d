#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "util/address.h"
#include "util/result.h"

namespace rata::reduce {

/// An address without what lies behind its first `bits` bits.
util::Address masked(const util::Address& address, unsigned bits);

/// A block of addresses.
struct Prefix {
  util::Address address;  ///< nothing but zeros behind `bits`
  unsigned bits = 0;

  bool contains(const util::Address& other) const { return other.v6 == address.v6 && masked(other, bits) == address; }
  friend bool operator==(const Prefix&, const Prefix&) = default;
};

/// "192.0.2.0/24".
std::string text(const Prefix& prefix);

/// Reads "192.0.2.53", "192.0.2.0/24" or "2001:db8::/64". Errors: text that is none of these, or has bits set behind
/// the prefix.
util::Result<Prefix> read_prefix(const std::string& text);

/// A few blocks of addresses, such as those of the servers at hand.
class PrefixSet {
 public:
  void add(const Prefix& prefix) { prefixes_.push_back(prefix); }
  bool empty() const { return prefixes_.empty(); }
  bool contains(const util::Address& address) const {
    for (const Prefix& prefix : prefixes_)
      if (prefix.contains(address)) return true;
    return false;
  }

 private:
  std::vector<Prefix> prefixes_;
};

}  // namespace rata::reduce
