#include "channel/redis_url.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string_view>

#include "channel/channel.h"

namespace rata::channel {
namespace {

constexpr std::string_view scheme = "redis://";

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

/// "host", "host:port", "[::1]:port".
bool read_place(std::string_view text, RedisUrl& url) {
  std::string_view port;
  const bool bracket = text.starts_with('[');
  const std::size_t end = bracket ? text.find(']') : text.find(':');
  if (bracket && end == std::string_view::npos) return false;
  url.host = text.substr(bracket ? 1 : 0, bracket ? end - 1 : end);
  const std::string_view rest = end == std::string_view::npos ? "" : text.substr(bracket ? end + 1 : end);
  if (!rest.empty()) {
    const auto given = rest[0] == ':' ? number(rest.substr(1), 65'535) : std::nullopt;
    if (!given || *given == 0) return false;
    url.port = static_cast<std::uint16_t>(*given);
  }
  return !url.host.empty();
}

}  // namespace

std::string shown_url(std::string_view url) {
  // A password may hold a "/" that should have been %2F: all up to the last "@" is taken for the login.
  const std::size_t start = url.find("://"), at = url.rfind('@');
  if (start == std::string_view::npos || at == std::string_view::npos || at < start + 3) return std::string(url);
  const std::string_view login = url.substr(start + 3, at - start - 3);
  return fmt::format("{}{}{}", url.substr(0, start + 3), login.substr(0, login.find(':')), url.substr(at));
}

std::string RedisUrl::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}{}{}{}:{}/{}", scheme, user, user.empty() ? "" : "@", v6 ? "[" : "", host, v6 ? "]" : "",
                     port, database);
}

util::Result<RedisUrl> parse_redis_url(const std::string& url) {
  const util::Error wrong{
      fmt::format("channel {}: is no redis://[USER:PASSWORD@]HOST[:PORT][/DB], as in redis://127.0.0.1:6379; in user "
                  "and password, write @ : / % as %40 %3A %2F %25",
                  shown_url(url))};
  RedisUrl parsed;
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
  if (!read_place(rest, parsed)) return wrong;
  return parsed;
}

}  // namespace rata::channel
