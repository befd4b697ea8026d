#pragma once

#include <string>

#include "channel/https_connection.h"
#include "channel/url_place.h"
#include "util/result.h"

namespace rata::channel {

/// Where an aggregator is.
struct HttpsUrl {
  HttpsConnection::Security security = HttpsConnection::Security::tls;
  UrlPlace place;
  std::string prefix;  ///< of its paths, as a proxy may want it: "/dns", without a slash at the end; mostly empty

  /// "https://hub.example:8353/dns".
  std::string text() const;
};

/// Reads https://HOST[:PORT][/PREFIX], and http:// to this machine. Errors: what is wrong with it, and what to do; a
/// login that was written into it is never in the message.
util::Result<HttpsUrl> parse_https_url(const std::string& url);

}  // namespace rata::channel
