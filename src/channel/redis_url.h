#pragma once

#include <cstdint>
#include <string>

#include "util/result.h"

namespace rata::channel {

/// Where a Redis is and how to log in there.
struct RedisUrl {
  std::string user, password;  ///< empty: none
  std::string host;            ///< a name or an address, IPv6 without brackets
  std::uint16_t port = 6379;
  unsigned database = 0;
  bool tls = false;  ///< rediss://

  /// "redis://user@host:6379/0": without the password.
  std::string text() const;
};

/// Reads redis://[user:password@]host[:port][/db], and rediss:// with TLS; user and password may have %XX. Errors: what
/// is wrong with it; the password is never in the message.
util::Result<RedisUrl> parse_redis_url(const std::string& url);

}  // namespace rata::channel
