#include "serve/address_mask.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "util/address.h"

namespace rata::serve {
namespace {

constexpr std::size_t longest_address = 45;  // "0000:0000:0000:0000:0000:ffff:255.255.255.255"

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Cheap: most strings are names.
bool may_be_address(std::string_view text) {
  if (text.size() < 2 || text.size() > longest_address) return false;
  return std::ranges::all_of(text, [](char c) { return is_hex(c) || c == '.' || c == ':'; });
}

std::optional<util::Address> address_of(std::string_view text) {
  if (!may_be_address(text)) return std::nullopt;
  std::array<char, longest_address + 1> terminated{};
  std::ranges::copy(text, terminated.begin());
  util::Address address;
  if (inet_pton(AF_INET, terminated.data(), address.octets.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.data(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

/// "192.0.2.0/24": 24. Nothing: it says none.
std::optional<int> bits_of(std::string_view network, std::size_t slash) {
  int bits = 0;
  const char* const end = network.data() + network.size();
  const char* const begin = network.data() + std::min(slash + 1, network.size());
  const auto [rest, fault] = std::from_chars(begin, end, bits);
  return fault == std::errc() && rest == end ? std::optional(bits) : std::nullopt;
}

constexpr int ipv4_bits = 24, ipv6_bits = 48;

void keep_bits(util::Address& address) {
  const int kept = (address.v6 ? ipv6_bits : ipv4_bits) / 8;
  std::fill(address.octets.begin() + kept, address.octets.end(), std::uint8_t{0});
}

enum class Digits : std::uint8_t { may_be_address, are_none };

/// Nothing: the token is no address and no network.
std::optional<std::string> masked_token(std::string_view token, Digits digits, Visibility visibility) {
  // Of a network too: it may be smaller than what may be seen.
  const std::size_t slash = std::min(token.find('/'), token.size());
  std::optional<util::Address> address = address_of(token.substr(0, slash));
  if (!address && digits == Digits::may_be_address) address = util::address_from_hex(token.substr(0, slash));
  if (!address) return std::nullopt;
  if (visibility == Visibility::none) return "hidden";
  const int most_bits = address->v6 ? ipv6_bits : ipv4_bits;
  const auto whole = address->octets;
  keep_bits(*address);
  const bool tells_no_more = whole == address->octets && bits_of(token, slash).value_or(most_bits) < most_bits;
  return tells_no_more ? std::string(token) : fmt::format("{}/{}", util::text(*address), most_bits);
}

/// Appends the token. What is no address as a whole may be several, or one with a port: "192.0.2.1:53".
void append_masked(std::string& masked, std::string_view token, Digits digits, Visibility visibility,
                   std::string_view separators = "/:") {
  if (const auto whole = masked_token(token, digits, visibility)) {
    masked += *whole;
  } else if (separators.empty() || token.find_first_of(separators) == std::string_view::npos) {
    masked += token;
  } else {
    for (std::size_t at = 0; at <= token.size();) {
      const std::size_t end = std::min(token.find(separators.front(), at), token.size());
      append_masked(masked, token.substr(at, end - at), Digits::are_none, visibility, separators.substr(1));
      if (end < token.size()) masked += separators.front();
      at = end + 1;
    }
  }
}

bool in_token(char c) { return is_hex(c) || c == '.' || c == ':' || c == '/'; }

/// How long an escape of JSON is: its letters and digits belong to no token.
std::size_t escape_octets(std::string_view escape) { return escape.substr(0, 2) == "\\u" ? 6 : 2; }

}  // namespace

std::string masked_addresses(std::string_view text, Visibility visibility) {
  if (visibility == Visibility::full) return std::string(text);
  std::string masked;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && in_token(text[end])) ++end;
    if (end == at) {
      const std::string_view other = text.substr(at, text[at] == '\\' ? escape_octets(text.substr(at)) : 1);
      masked += other;
      at += other.size();
      continue;
    }
    const bool stands_alone = (at == 0 || text[at - 1] == ' ') && (end == text.size() || text[end] == ' ');
    append_masked(masked, text.substr(at, end - at), stands_alone ? Digits::may_be_address : Digits::are_none,
                  visibility);
    at = end;
  }
  return masked;
}

void mask_addresses(std::string& json, Visibility visibility) {
  if (visibility == Visibility::full) return;
  std::string masked;
  masked.reserve(json.size());
  for (std::size_t at = 0; at < json.size();) {
    const std::size_t quote = std::min(json.find('"', at), json.size());
    masked.append(json, at, quote - at);
    if (quote == json.size()) break;
    std::size_t end = quote + 1;
    while (end < json.size() && json[end] != '"') end += json[end] == '\\' ? 2 : 1;
    end = std::min(end, json.size());
    const std::string_view text = std::string_view(json).substr(quote + 1, end - quote - 1);
    masked += '"' + masked_addresses(text, visibility) + '"';
    at = end + 1;
  }
  json = std::move(masked);
}

}  // namespace rata::serve
