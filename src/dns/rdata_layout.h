#pragma once

#include <array>
#include <cstdint>

namespace rata::dns {

/// What stands next in rdata, and how it reads in a zone file.
enum class Field : std::uint8_t {
  end,
  u8,
  u16,
  u32,
  name,        ///< may be compressed
  plain_name,  ///< must not be compressed
  ipv4,
  ipv6,
  string,   ///< a <character-string>: its length in an octet, then text
  strings,  ///< one or more of them, to the end
  text,     ///< to the end, without length
  tag,      ///< letters and digits with their length before them (CAA)
  hex,      ///< to the end, at least one octet; likewise base64
  base64,
  maybe_base64,    ///< to the end, perhaps nothing
  address_hex,     ///< to the end, behind 0x (NSAP)
  counted_hex,     ///< its length in an octet; "-" when empty
  counted_base32,  ///< its length in an octet
  counted_base64,  ///< its length in two octets, which is shown before it
  type,            ///< of a record, by its mnemonic
  type_bitmap,     ///< to the end (RFC 4034 section 4.1.2)
  key_rcode,       ///< of TSIG and TKEY
  date,            ///< 32 bits of seconds since 1970, as YYYYMMDDHHmmSS
  u48,
  eui48,             ///< six octets with dashes between
  eui64,             ///< eight
  locator64,         ///< four groups as in IPv6 addresses (RFC 6742)
  location,          ///< all of LOC
  service_params,    ///< to the end (RFC 9460)
  address_prefixes,  ///< to the end (RFC 3123)
  ports,             ///< to the end: a bitmap (RFC 1035 section 3.4.2)
  gateway,           ///< as the second octet of rdata says (RFC 4025)
  relay_type,        ///< a bit and seven bits (RFC 8777)
  relay,             ///< as those seven bits say
  host_identity,     ///< all of HIP
};

/// The rdata of a type, field by field; `end` fills the rest.
struct RdataLayout {
  std::uint16_t type;
  std::array<Field, 10> fields;
};

/// nullptr: a type of which only the octets are shown.
const RdataLayout* find_layout(std::uint16_t type);

}  // namespace rata::dns
