#include "channel/url_place.h"

#include <fmt/format.h>

#include <charconv>

namespace rata::channel {
namespace {

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (fault != std::errc() || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

}  // namespace

std::string UrlPlace::text() const {
  const bool v6 = host.find(':') != std::string::npos;
  return fmt::format("{}{}{}:{}", v6 ? "[" : "", host, v6 ? "]" : "", port);
}

std::optional<UrlPlace> read_url_place(std::string_view text, std::uint16_t default_port) {
  const bool bracket = text.starts_with('[');
  const std::size_t end = bracket ? text.find(']') : text.find(':');
  if (bracket && end == std::string_view::npos) return std::nullopt;
  UrlPlace place{.host = std::string(text.substr(bracket ? 1 : 0, bracket ? end - 1 : end)), .port = default_port};
  const std::string_view rest = end == std::string_view::npos ? "" : text.substr(bracket ? end + 1 : end);
  if (!rest.empty()) {
    const auto port = rest[0] == ':' ? read_port(rest.substr(1)) : std::nullopt;
    if (!port) return std::nullopt;
    place.port = *port;
  }
  if (place.host.empty()) return std::nullopt;
  return place;
}

}  // namespace rata::channel
