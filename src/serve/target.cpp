#include "serve/target.h"

#include <charconv>
#include <cstdint>
#include <utility>

namespace rata::serve {
namespace {

enum class Plus : std::uint8_t { stays, is_space };

std::optional<char> octet_from_hex(std::string_view digits) {
  std::uint8_t value = 0;
  if (digits.size() != 2) return std::nullopt;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), value, 16);
  if (error != std::errc() || end != digits.end()) return std::nullopt;
  return static_cast<char>(value);
}

std::optional<std::string> percent_decoded(std::string_view text, Plus plus) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      const auto octet = octet_from_hex(text.substr(at + 1, 2));
      if (!octet) return std::nullopt;
      decoded += *octet;
      at += 2;
    } else {
      decoded += text[at] == '+' && plus == Plus::is_space ? ' ' : text[at];
    }
  }
  return decoded;
}

/// What stands before the first `separator`; `rest` keeps what stands after it.
std::string_view split_off(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view first = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return first;
}

std::optional<std::vector<Target::Parameter>> parse_query(std::string_view text) {
  std::vector<Target::Parameter> query;
  while (!text.empty()) {
    std::string_view value = split_off(text, '&');
    auto name = percent_decoded(split_off(value, '='), Plus::is_space);
    auto decoded = percent_decoded(value, Plus::is_space);
    if (!name || !decoded) return std::nullopt;
    query.push_back({.name = std::move(*name), .value = std::move(*decoded)});
  }
  return query;
}

}  // namespace

const std::string* Target::parameter(std::string_view name) const {
  for (const Parameter& parameter : query)
    if (parameter.name == name) return &parameter.value;
  return nullptr;
}

std::optional<Target> parse_target(std::string_view text) {
  Target target;
  constexpr std::string_view scheme = "http://";
  if (text.starts_with(scheme)) {
    text.remove_prefix(scheme.size());
    const std::size_t end = std::min(text.find_first_of("/?"), text.size());
    target.authority = text.substr(0, end);
    text.remove_prefix(end);
    if (target.authority.empty()) return std::nullopt;
  } else if (!text.starts_with('/')) {
    return std::nullopt;
  }
  auto path = percent_decoded(split_off(text, '?'), Plus::stays);
  auto query = parse_query(text);
  if (!path || !query) return std::nullopt;
  target.path = path->empty() ? "/" : std::move(*path);
  target.query = std::move(*query);
  return target;
}

}  // namespace rata::serve
