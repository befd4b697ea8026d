#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "util/result.h"

namespace rata::serve {

/// How much of client addresses a reader sees.
enum class Visibility : std::uint8_t { none, prefix, full };

/// Who may do what: an [[access]] of the configuration. Who asks shows the token, or a certificate with that name.
struct Access {
  std::string name;         ///< for messages; never secret
  std::string token;        ///< secret; empty: no token opens this
  std::string certificate;  ///< common name or alternative name in a client's certificate; empty: none opens this
  bool may_send = false;    ///< summaries
  bool may_read = true;
  std::vector<std::string> servers;  ///< whose summaries it may send; empty: all
  Visibility addresses = Visibility::full;
};

/// Errors: an entry that nothing opens, a token that a header cannot carry, a name or token that is there twice. No
/// message holds a token.
util::Result<void> check(std::span<const Access> entries);

}  // namespace rata::serve
