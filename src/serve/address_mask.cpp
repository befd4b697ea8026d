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
  return util::address_from_hex(text);
}

constexpr int ipv4_bits = 24, ipv6_bits = 48;

void keep_bits(util::Address& address) {
  const int kept = (address.v6 ? ipv6_bits : ipv4_bits) / 8;
  std::fill(address.octets.begin() + kept, address.octets.end(), std::uint8_t{0});
}

}  // namespace

std::string masked_address(std::string_view text, Visibility visibility) {
  if (visibility == Visibility::full) return std::string(text);
  // Of a network too: it may be smaller than what may be seen.
  const std::size_t slash = std::min(text.find('/'), text.size());
  std::optional<util::Address> address = address_of(text.substr(0, slash));
  if (!address) return std::string(text);
  if (visibility == Visibility::none) return "hidden";
  const int most_bits = address->v6 ? ipv6_bits : ipv4_bits;
  int bits = most_bits;
  std::from_chars(text.data() + std::min(slash + 1, text.size()), text.data() + text.size(), bits);
  if (slash < text.size() && bits < most_bits) return std::string(text);
  keep_bits(*address);
  return fmt::format("{}/{}", util::text(*address), most_bits);
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
    masked += '"' + masked_address(text, visibility) + '"';
    at = end + 1;
  }
  json = std::move(masked);
}

}  // namespace rata::serve
