#include "reduce/prefixes.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include "util/cursor.h"

namespace rata::reduce {

util::Address masked(const util::Address& address, unsigned bits) {
  constexpr unsigned word_bits = 64;
  const auto mask = [](unsigned first) { return first == 0 ? 0 : ~std::uint64_t{0} << (word_bits - first); };
  std::array<std::uint64_t, 2> words = {
      util::big_endian<std::uint64_t>(address.octets.data()) & mask(std::min(bits, word_bits)),
      util::big_endian<std::uint64_t>(address.octets.data() + 8) & mask(std::max(bits, word_bits) - word_bits)};
  for (std::uint64_t& word : words) word = util::big_endian<std::uint64_t>(reinterpret_cast<std::uint8_t*>(&word));
  util::Address result{.octets = {}, .v6 = address.v6};
  std::memcpy(result.octets.data(), words.data(), sizeof words);
  return result;
}

std::string text(const Prefix& prefix) { return fmt::format("{}/{}", util::text(prefix.address), prefix.bits); }

namespace {

std::optional<util::Address> address_from_text(const std::string& text) {
  std::uint8_t octets[16];
  if (inet_pton(AF_INET, text.c_str(), octets) == 1) return util::Address::v4_from(octets);
  if (inet_pton(AF_INET6, text.c_str(), octets) == 1) return util::Address::v6_from(octets);
  return std::nullopt;
}

}  // namespace

util::Result<Prefix> read_prefix(const std::string& given) {
  const util::Error wrong{
      fmt::format("\"{}\" is no address or network: 192.0.2.53, 192.0.2.0/24 and 2001:db8::/64 are", given)};
  const std::size_t slash = given.find('/');
  const auto address = address_from_text(given.substr(0, slash));
  if (!address) return wrong;
  Prefix prefix{*address, static_cast<unsigned>(8 * address->bytes().size())};
  if (slash != std::string::npos) {
    const unsigned most = prefix.bits;
    const char* const last = given.data() + given.size();
    const auto [end, fault] = std::from_chars(given.data() + slash + 1, last, prefix.bits);
    if (fault != std::errc() || end != last || prefix.bits > most) return wrong;
  }
  prefix.address = masked(*address, prefix.bits);
  if (prefix.address == *address) return prefix;
  return util::Error{fmt::format("\"{}\" has bits set behind the prefix; the network is {}", given, text(prefix))};
}

}  // namespace rata::reduce
