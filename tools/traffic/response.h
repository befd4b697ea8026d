#pragma once

#include <cstdint>
#include <string_view>

#include "traffic/message.h"

namespace rata::traffic {

/// Response codes that this server gives (RFC 1035 section 4.1.1).
enum class Rcode : std::uint8_t { NoError = 0, FormErr = 1, ServFail = 2, NXDomain = 3, NotImp = 4, Refused = 5 };

/// A response as it grows, record by record.
struct Response {
  Message message;
  std::uint32_t answers = 0;
  std::uint32_t authorities = 0;
  std::uint32_t additionals = 0;
  Rcode rcode = Rcode::NoError;
  bool truncated = false;
  bool authoritative = false;

  /// A record up to its rdata, its owner a pointer to `owner`. Returns where the rdata begins, for `end_record`.
  std::uint32_t begin_record(std::uint32_t owner, std::uint32_t type, std::uint32_t ttl_s);
  /// Fills in the length of the rdata that began at `rdata`.
  void end_record(std::uint32_t rdata);

  /// A signature that nobody could verify: the octets are made up. Source: RFC 4034 section 3.
  void put_rrsig(std::uint32_t owner, std::uint32_t covered, std::uint64_t seed, std::uint32_t signature_octets,
                 std::string_view signer);
  /// Source: RFC 1035 section 3.3.13.
  void put_soa(std::uint32_t tld);
  /// With its signature: two records of the authority section. Source: RFC 5155 section 3.
  void put_nsec3(std::uint32_t tld, std::uint64_t seed, std::string_view signer);

  /// Forgets the records that end up beyond `size`, all of them.
  void cut_to_question(std::uint32_t size);
  /// Writes flags, RCODE and the sections' counts into the header.
  void finish(std::uint32_t opcode, bool recursion_desired);
};

constexpr std::uint32_t ecdsa_signature_octets = 64;  // algorithm 13, RFC 6605

}  // namespace rata::traffic
