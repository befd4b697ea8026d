#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rata::channel {

/// Where a server is.
struct UrlPlace {
  std::string host;  ///< a name or an address, IPv6 without brackets
  std::uint16_t port = 0;

  /// "host:port", "[::1]:port".
  std::string text() const;
};

/// Reads "host", "host:port", "[::1]:port". Errors: nullopt for any other text.
std::optional<UrlPlace> read_url_place(std::string_view text, std::uint16_t default_port);

}  // namespace rata::channel
