#include <fmt/format.h>

#include "reduce/dimensions/columns.h"
#include "util/encoding.h"

namespace rata::reduce {
namespace {

/// Behind a text that is no address: one octet 0, or 0 and 1 where one would make it as long as an address.
bool address_length(std::size_t size) { return size == 4 || size == 16; }

template <util::Address Packet::* address, std::string_view Packet::* text>
void parties(const ChosenPackets& packets, const Look& look, KeyColumn& keys) {
  KeyBuffer key;
  const Anonymizer& anonymizer = look.context.anonymizer;
  for (const std::uint16_t i : packets.which) {
    if ((packets[i].*text).empty() && !anonymizer.joins()) {
      keys.refer(i, (packets[i].*address).bytes());
      continue;
    }
    party_key(anonymizer.counted(packets[i].*address), packets[i].*text, key);
    keys.copy(i, key.octets());
  }
}

/// The argument of a prefix: bits of IPv4 in the lower octet, of IPv6 in the next.
constexpr std::uint32_t prefix_bits(std::uint32_t v4, std::uint32_t v6) { return v4 | v6 << 8; }
unsigned bits_for(bool v6, std::uint32_t argument) { return v6 ? argument >> 8 : argument & 0xff; }

std::optional<std::uint32_t> read_prefix_bits(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto v4 = read_whole(text.substr(0, colon), 0, 32), v6 = read_whole(text.substr(colon + 1), 0, 128);
  if (!v4 || !v6) return std::nullopt;
  return prefix_bits(*v4, *v6);
}

/// Of an address that was made anonymous only its text is known: that is the value.
template <util::Address Packet::* address, std::string_view Packet::* text>
void prefixes(const ChosenPackets& packets, const Look& look, KeyColumn& keys) {
  KeyBuffer key;
  for (const std::uint16_t i : packets.which) {
    const util::Address whole = look.context.anonymizer.counted(packets[i].*address);
    const util::Address network = masked(whole, bits_for(whole.v6, look.argument));
    if ((packets[i].*text).empty()) {
      keys.copy(i, network);
      continue;
    }
    party_key(network, packets[i].*text, key);
    keys.copy(i, key.octets());
  }
}

std::string party_prefix_text(Octets key, const Look& look) {
  if (!address_length(key.size())) return shown_party_text(key, look.context.anonymizer);
  const auto address = util::Address::from(key);
  return prefix_text(address, bits_for(address.v6, look.argument), look);
}

std::string party_key_text(Octets key, const Look& look) { return shown_party_text(key, look.context.anonymizer); }
std::string older_party_key_text(Octets key, const Look& look) {
  return older_party_text(key, look.context.anonymizer);
}

constexpr std::string_view bits_argument = "the bits of IPv4 and of IPv6 prefixes with a colon between, such as 24:48";

constexpr Dimension table[] = {
    {.name = "client",
     .help = "address of the one who asks",
     .example = "192.0.2.1",
     .needs = {.members = {}, .client = true},
     .keys = parties<&Packet::client, &Packet::client_text>,
     .key_text = party_key_text,
     .older_key_text = older_party_key_text},
    {.name = "server",
     .help = "address of the one who responds",
     .example = "192.0.2.53",
     .needs = {.members = {}, .server = true},
     .keys = parties<&Packet::server, &Packet::server_text>,
     .key_text = party_key_text,
     .older_key_text = older_party_key_text},
    {.name = "client_prefix",
     .help = "network of the one who asks",
     .example = "192.0.2.0/24",
     .needs = {.members = {}, .client = true},
     .argument = bits_argument,
     .read_argument = read_prefix_bits,
     .default_argument = prefix_bits(24, 48),
     .keys = prefixes<&Packet::client, &Packet::client_text>,
     .key_text = party_prefix_text,
     .older_key_text = older_party_key_text},
    {.name = "server_prefix",
     .help = "network of the one who responds",
     .example = "2001:db8:53::/48",
     .needs = {.members = {}, .server = true},
     .argument = bits_argument,
     .read_argument = read_prefix_bits,
     .default_argument = prefix_bits(24, 48),
     .keys = prefixes<&Packet::server, &Packet::server_text>,
     .key_text = party_prefix_text,
     .older_key_text = older_party_key_text},
};

}  // namespace

void party_key(const util::Address& address, std::string_view text, KeyBuffer& key) {
  if (text.empty()) return key.assign(address.bytes());
  key.assign({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  key.append(0);
  if (address_length(text.size() + 1)) key.append(1);
}

std::string party_text(Octets key) { return shown_party_text(key, {}); }

std::string shown_party_text(Octets key, const Anonymizer& anonymizer) {
  if (address_length(key.size())) return anonymizer.text(util::Address::from(key));
  const Octets text = key.first(key.size() - (key.back() == 0 ? 1 : 2));
  return anonymizer.opaque_text({reinterpret_cast<const char*>(text.data()), text.size()});
}

std::string older_party_text(Octets key, const Anonymizer& anonymizer) {
  return address_length(key.size()) ? anonymizer.hex_text(util::Address::from(key)) : shown_party_text(key, anonymizer);
}

std::string prefix_text(const util::Address& address, unsigned bits, const Look& look) {
  return look.context.anonymizer.prefix_text(address, bits);
}

std::span<const Dimension> party_dimensions() { return table; }

}  // namespace rata::reduce
