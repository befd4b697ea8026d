#include "reduce/prefixes.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace rata::reduce {

util::Address masked(const util::Address& address, unsigned bits) {
  util::Address result = address;
  const std::size_t whole = bits / 8, length = result.bytes().size();
  if (whole >= length) return result;
  result.octets[whole] = static_cast<std::uint8_t>(result.octets[whole] & (0xff00u >> bits % 8));
  std::fill(result.octets.begin() + static_cast<std::ptrdiff_t>(whole) + 1, result.octets.end(), std::uint8_t{0});
  return result;
}

std::string text(const Prefix& prefix) { return fmt::format("{}/{}", util::text(prefix.address), prefix.bits); }

std::optional<Prefix> prefix_from_text(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  std::uint8_t octets[16];
  Prefix prefix;
  if (inet_pton(AF_INET, address.c_str(), octets) == 1)
    prefix.address = util::Address::v4_from(octets);
  else if (inet_pton(AF_INET6, address.c_str(), octets) == 1)
    prefix.address = util::Address::v6_from(octets);
  else
    return std::nullopt;
  const auto most = static_cast<unsigned>(prefix.address.bytes().size() * 8);
  prefix.bits = most;
  if (slash != std::string_view::npos) {
    const std::string_view bits = text.substr(slash + 1);
    const auto [end, fault] = std::from_chars(bits.data(), bits.data() + bits.size(), prefix.bits);
    if (bits.empty() || fault != std::errc() || end != bits.data() + bits.size() || prefix.bits > most)
      return std::nullopt;
  }
  prefix.address = masked(prefix.address, prefix.bits);
  return prefix;
}

}  // namespace rata::reduce
