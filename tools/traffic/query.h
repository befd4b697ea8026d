#pragma once

#include <cstdint>

#include "traffic/message.h"

namespace rata::traffic {

/// What a query asks of the server, which decides what it responds.
enum class QueryKind {
  registered,    ///< at or below a name that exists: a referral
  apex,          ///< the TLD itself
  no_such_name,  ///< below the TLD, not registered
  out_of_zone,   ///< none of ours: REFUSED
  chaos,         ///< version.bind (RFC 4892)
  notify,        ///< from someone who thinks we are a secondary (RFC 1996)
};

/// A query, and what the response to it must know.
struct Query {
  Message message;
  QueryKind kind = QueryKind::registered;
  std::uint16_t qtype = 0;
  std::uint16_t qclass = 0;
  std::uint16_t udp_octets = 0;    ///< the requestor's UDP payload size, meant only with `edns`
  std::uint32_t question_end = 0;  ///< offset in the message
  std::uint32_t qname_octets = 0;  ///< wire length, the root's octet included
  std::uint32_t domain_offset = 0;
  std::uint32_t tld_offset = 0;
  std::uint64_t domain_hash = 0;  ///< equal for every query below one registered name; 0 for other names
  std::uint64_t cookie = 0;
  std::uint8_t opcode = 0;
  bool edns = false;
  bool dnssec_ok = false;
  bool recursion_desired = false;
  bool has_cookie = false;
  bool has_nsid = false;
  bool has_client_subnet = false;
  bool oversized = false;  ///< asks for a response that does not fit into one packet
};

}  // namespace rata::traffic
