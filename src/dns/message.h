#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dns/codes.h"

namespace rata::dns {

/// Why a message is no message: its header or its first question cannot be read. Everything else stays a message.
enum class Malformed : std::uint8_t {
  none,
  short_header,         ///< fewer than the 12 octets of RFC 1035 section 4.1.1
  cut_name,             ///< the message ends inside the qname
  bad_label_type,       ///< 01 or 10 in the first two bits (RFC 6891 section 5: none is in use)
  pointer_in_question,  ///< nothing lies before the first qname that a compression pointer could name
  name_too_long,        ///< over 255 octets (RFC 1035 section 2.3.4)
  cut_question,         ///< the message ends before qtype and qclass do
  count_
};

/// "short_header": the name in reports and metrics.
std::string_view name(Malformed reason);
/// What it means, for docs/reference.
std::string_view help(Malformed reason);

/// The OPT record of EDNS (RFC 6891 section 6.1), as far as it concerns the whole message.
struct Edns {
  std::span<const std::uint8_t> options;  ///< undivided
  std::uint16_t udp_size = 0;
  std::uint8_t extended_rcode = 0;  ///< the upper eight bits
  std::uint8_t version = 0;
  bool present = false;
  bool dnssec_ok = false;
};

/// A DNS message read where it lies: header, first question and OPT.
/// Lifetime: the octets given to `parse`.
struct Message {
  std::span<const std::uint8_t> octets;
  std::span<const std::uint8_t> qname;  ///< wire form without compression, root label included; empty: no question
  Edns edns;
  std::uint16_t id = 0;
  std::uint16_t flags = 0;  ///< the second word of the header
  std::uint16_t question_count = 0, answer_count = 0, authority_count = 0, additional_count = 0;
  std::uint16_t qtype = 0, qclass = 0;
  std::uint8_t last_label = 0;  ///< where in `qname` the top-level domain begins; of the root, at the root label
  bool broken_records = false;  ///< a record after the first question could not be read

  bool is_response() const { return (flags & 0x8000) != 0; }
  bool is_query() const { return !is_response(); }
  std::uint8_t opcode() const { return (flags >> 11) & 0xf; }
  bool authoritative() const { return (flags & 0x0400) != 0; }
  bool truncated() const { return (flags & 0x0200) != 0; }
  bool recursion_desired() const { return (flags & 0x0100) != 0; }
  std::uint8_t header_rcode() const { return flags & 0xf; }
  /// All twelve bits (RFC 6891 section 6.1.3).
  std::uint16_t rcode() const { return static_cast<std::uint16_t>(edns.extended_rcode << 4 | header_rcode()); }
  bool has_question() const { return !qname.empty(); }
};

/// Reads `octets` into `message`. QDCOUNT above one fits RFC 1035; RFC 9619 forbids it when the opcode is QUERY: the
/// first question counts either way. Errors: the reason; `message` then holds what was read before.
[[nodiscard]] Malformed parse(std::span<const std::uint8_t> octets, Message& message) noexcept;

}  // namespace rata::dns
