// What is in the options of an OPT record. They are read only of EDNS version 0, and of each kind the first one whose
// length its RFC allows counts, as in DSC.

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "dns/edns_options.h"
#include "reduce/dimensions/columns.h"
#include "util/cursor.h"
#include "util/encoding.h"

namespace rata::reduce {
namespace {

using util::Member;

constexpr Needs edns{.members = {Member::edns}};
constexpr std::size_t max_key_octets = 255;

struct Nsid {  // RFC 5001
  static constexpr std::uint16_t code = 3;
  static bool fits(std::size_t) { return true; }
};
struct Ecs {  // RFC 7871
  static constexpr std::uint16_t code = 8;
  static constexpr std::size_t fixed_octets = 4;
  static bool fits(std::size_t octets) { return octets >= fixed_octets; }
};
struct Cookie {  // RFC 7873: the client's, and after it perhaps the server's
  static constexpr std::uint16_t code = 10;
  static constexpr std::size_t client_octets = 8;
  static bool fits(std::size_t octets) { return octets == client_octets || (octets >= 16 && octets <= 40); }
};
struct Ede {  // RFC 8914
  static constexpr std::uint16_t code = dns::option_ede;
  static constexpr std::size_t fixed_octets = 2;
  static bool fits(std::size_t octets) { return octets >= fixed_octets; }
};

struct Found {
  bool present = false;
  Octets data;
};

template <typename Kind>
Found find(const Packet& packet) {
  const dns::Edns& of = packet.message.edns;
  if (of.options.empty() || of.version != 0) return {};
  dns::OptionWalk walk(of.options);
  for (dns::EdnsOption option; walk.next(option);)
    if (option.code == Kind::code && Kind::fits(option.data.size())) return {true, option.data};
  return {};
}

template <typename Kind>
std::uint32_t present(const Packet& packet, const Look&) {
  return find<Kind>(packet).present;
}
template <typename Kind>
bool has(const Packet& packet) {
  return find<Kind>(packet).present;
}

/// Code 0 is for messages without; `offset` octets in front do not count.
template <typename Kind, std::size_t offset>
std::uint32_t length(const Packet& packet, const Look&) {
  const Found found = find<Kind>(packet);
  return found.present ? static_cast<std::uint32_t>(1 + found.data.size() - offset) : 0;
}
/// The same of a number of `octets` octets at `at`.
template <typename Kind, std::size_t at, std::size_t octets>
std::uint32_t number(const Packet& packet, const Look&) {
  const Found found = find<Kind>(packet);
  if (!found.present) return 0;
  std::uint32_t value = 0;
  for (const std::uint8_t octet : found.data.subspan(at, octets)) value = value << 8 | octet;
  return value + 1;
}
std::string none_or_decimal(std::uint32_t code, const Look&) { return code == 0 ? "none" : std::to_string(code - 1); }
std::string none_or_ede(std::uint32_t code, const Look&) {
  if (code == 0) return "none";
  const std::string_view named = dns::ede_text(static_cast<std::uint16_t>(code - 1));
  return named.empty() ? fmt::format("EDE{}", code - 1) : std::string(named);
}

Octets cut(Octets octets) { return octets.first(std::min(octets.size(), max_key_octets)); }

Octets client_cookie(const Packet& packet, const Look&) {
  const Found found = find<Cookie>(packet);
  return found.present ? found.data.first(Cookie::client_octets) : Octets{};
}
Octets server_cookie(const Packet& packet, const Look&) {
  const Found found = find<Cookie>(packet);
  return found.present ? found.data.subspan(Cookie::client_octets) : Octets{};
}
Octets nsid(const Packet& packet, const Look&) { return cut(find<Nsid>(packet).data); }
/// Up to a NUL, which some servers send behind it.
Octets ede_words(const Packet& packet, const Look&) {
  const Found found = find<Ede>(packet);
  if (!found.present) return {};
  const Octets words = cut(found.data.subspan(Ede::fixed_octets));
  return words.first(static_cast<std::size_t>(std::ranges::find(words, 0) - words.begin()));
}

std::string hex_text(Octets key, const Look&) { return util::hex(key); }
/// As DSC shows it: one "." for each octet outside of printable ASCII.
std::string dotted_text(Octets key, const Look&) {
  std::string text;
  for (const std::uint8_t octet : key) text += octet >= ' ' && octet < 0x7f ? static_cast<char>(octet) : '.';
  return text;
}
std::string escaped_text(Octets key, const Look&) {
  std::string text;
  util::append_escaped(key, text);
  return text;
}

/// False when the option's family is unknown, or its prefix longer than an address.
bool read_ecs(Octets data, Prefix& prefix) {
  util::Cursor cursor(data);
  const std::uint16_t family = cursor.u16();
  prefix.bits = cursor.u8();
  cursor.u8();  // the scope
  const Octets octets = cursor.rest();
  if (family != 1 && family != 2) return false;
  util::Address address{.v6 = family == 2};
  const std::size_t length = address.bytes().size();
  if (prefix.bits > 8 * length || octets.size() > length) return false;
  std::ranges::copy(octets, address.octets.begin());
  prefix.address = masked(address, prefix.bits);
  return true;
}

/// The key: the address and behind it the bits of the prefix.
void ecs_prefixes(const ChosenPackets& packets, const Look& look, KeyColumn& keys) {
  KeyBuffer key;
  const Anonymizer& anonymizer = look.context.anonymizer;
  for (const std::uint16_t i : packets.which) {
    const Found found = find<Ecs>(packets[i]);
    Prefix prefix;
    if (!found.present || !read_ecs(found.data, prefix)) {
      keys.none(i);
      continue;
    }
    key.assign(anonymizer.counted(prefix.address).bytes());
    key.append(static_cast<std::uint8_t>(anonymizer.counted_bits(prefix.address, prefix.bits)));
    keys.copy(i, key.octets());
  }
}
std::string ecs_text(Octets key, const Look& look) {
  return prefix_text(util::Address::from(key.first(key.size() - 1)), key.back(), look);
}

constexpr Dimension presence(std::string_view name, std::string_view help,
                             void (*codes)(const ChosenPackets&, const Look&, std::uint32_t*)) {
  return {
      .name = name, .help = help, .example = "yes", .needs = edns, .bits = 1, .codes = codes, .code_text = yes_or_no};
}
constexpr Dimension count(std::string_view name, std::string_view help, std::string_view example, unsigned bits,
                          void (*codes)(const ChosenPackets&, const Look&, std::uint32_t*),
                          Quantity quantity = Quantity::after_none) {
  return {.name = name,
          .help = help,
          .example = example,
          .needs = edns,
          .bits = bits,
          .codes = codes,
          .code_text = none_or_decimal,
          .quantity = quantity};
}
constexpr Dimension octets(std::string_view name, std::string_view help, std::string_view example,
                           void (*keys)(const ChosenPackets&, const Look&, KeyColumn&),
                           std::string (*key_text)(Octets, const Look&)) {
  return {.name = name, .help = help, .example = example, .needs = edns, .keys = keys, .key_text = key_text};
}

constexpr Dimension table[] = {
    presence("cookie", "whether there is a DNS cookie: yes or no", fill<present<Cookie>>),
    presence("nsid", "whether there is a name server identifier, or the wish for one", fill<present<Nsid>>),
    presence("ecs", "whether there is a client subnet: yes or no", fill<present<Ecs>>),
    presence("ede", "whether there is an extended DNS error: yes or no", fill<present<Ede>>),
    count("cookie_length", "octets of the client's and the server's cookie, or none", "24", 6, fill<length<Cookie, 0>>),
    octets("cookie_client", "the client's cookie in hexadecimal", "24a5ac1c8bd42bb5", refer<client_cookie>, hex_text),
    octets("cookie_server", "the server's cookie in hexadecimal", "010000005c1f7a2c0d3b2f4e6a8c9e10",
           refer<server_cookie>, hex_text),
    count("nsid_length", "octets of the name server identifier, or none", "4", 17, fill<length<Nsid, 0>>),
    octets("nsid_text", "the name server identifier, a dot for what is not printable; 255 octets of it", "ns1",
           refer<nsid>, dotted_text),
    octets("nsid_hex", "the same in hexadecimal", "6e7331", refer<nsid>, hex_text),
    count("ecs_family", "address family of the client subnet: 1 (IPv4), 2 (IPv6), or none", "1", 17,
          fill<number<Ecs, 0, 2>>, Quantity::none),
    count("ecs_source_prefix", "bits of the client subnet, or none", "24", 9, fill<number<Ecs, 2, 1>>),
    count("ecs_scope_prefix", "bits of the subnet that a response is for, or none", "24", 9, fill<number<Ecs, 3, 1>>),
    octets("ecs_prefix", "the client subnet", "198.51.100.0/24", ecs_prefixes, ecs_text),
    {.name = "ede_code",
     .help = "the extended DNS error by its IANA name, or none",
     .example = "Stale Answer",
     .needs = edns,
     .bits = 17,
     .codes = fill<number<Ede, 0, 2>>,
     .code_text = none_or_ede,
     .older_code_text = none_or_decimal},
    count("ede_text_length", "octets of the words of the extended DNS error, or none", "12", 17,
          fill<length<Ede, Ede::fixed_octets>>),
    octets("ede_text", "the words of the extended DNS error; 255 octets of them", "no reachable server",
           refer<ede_words>, escaped_text),
};

constexpr Condition condition_table[] = {
    condition<has<Cookie>>("cookie", "has a DNS cookie", edns),
    condition<has<Nsid>>("nsid", "has the NSID option", edns),
    condition<has<Ecs>>("ecs", "has a client subnet", edns),
    condition<has<Ede>>("ede", "has an extended DNS error", edns),
};

}  // namespace

std::span<const Dimension> edns_option_dimensions() { return table; }
std::span<const Condition> edns_option_conditions() { return condition_table; }

}  // namespace rata::reduce
