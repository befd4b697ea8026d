#include "channel/redis_url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "channel/channel.h"
#include "channel/url_place.h"

namespace rata::channel {
namespace {

constexpr std::string_view plain_scheme = "redis://", tls_scheme = "rediss://";

std::optional<unsigned> number(std::string_view text, unsigned most, int base = 10) {
  unsigned value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (text.empty() || fault != std::errc() || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

/// RFC 3986 section 2.1.
std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto octet = text.size() - i > 2 ? number(text.substr(i + 1, 2), 255, 16) : std::nullopt;
    if (!octet) return std::nullopt;
    decoded += static_cast<char>(*octet);
    i += 2;
  }
  return decoded;
}

/// What stands before the "@". False: a % without two hexadecimal digits.
bool read_login(std::string_view text, RedisUrl& url) {
  const std::size_t colon = text.find(':');
  const auto user = percent_decoded(text.substr(0, colon));
  const auto password = percent_decoded(colon == std::string_view::npos ? "" : text.substr(colon + 1));
  if (!user || !password) return false;
  url.user = *user;
  url.password = *password;
  return true;
}

}  // namespace

std::string shown_url(std::string_view url) {
  // A password may hold a "/" that should have been %2F: all up to the last "@" is taken for the login.
  const std::size_t start = url.find("://"), at = url.rfind('@');
  if (start == std::string_view::npos || at == std::string_view::npos || at < start + 3) return std::string(url);
  const std::string_view login = url.substr(start + 3, at - start - 3);
  // What has no users may have a token written in their place.
  if (url.starts_with("http")) return fmt::format("{}***{}", url.substr(0, start + 3), url.substr(at));
  return fmt::format("{}{}{}", url.substr(0, start + 3), login.substr(0, login.find(':')), url.substr(at));
}

std::string RedisUrl::text() const {
  return fmt::format("{}{}{}{}/{}", tls ? tls_scheme : plain_scheme, user, user.empty() ? "" : "@",
                     UrlPlace{host, port}.text(), database);
}

util::Result<RedisUrl> parse_redis_url(const std::string& url) {
  RedisUrl parsed;
  parsed.tls = url.starts_with(tls_scheme);
  const std::string_view scheme = parsed.tls ? tls_scheme : plain_scheme;
  const util::Error wrong{
      fmt::format("channel {0}: is no {1}[USER:PASSWORD@]HOST[:PORT][/DB], as in {1}hub.example:6379; in user "
                  "and password, write @ : / % as %40 %3A %2F %25",
                  shown_url(url), scheme)};
  if (!url.starts_with(scheme)) return wrong;
  std::string_view rest = std::string_view(url).substr(scheme.size());
  if (rest.find_first_of("?#") != std::string_view::npos) return wrong;
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    const auto database = number(rest.substr(slash + 1), 1'000'000);
    if (!database) return wrong;
    parsed.database = *database;
  }
  rest = rest.substr(0, slash);
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    if (!read_login(rest.substr(0, at), parsed)) return wrong;
    rest = rest.substr(at + 1);
  }
  const auto place = read_url_place(rest, parsed.port);
  if (!place) return wrong;
  parsed.host = place->host;
  parsed.port = place->port;
  return parsed;
}

}  // namespace rata::channel
