#pragma once

#include <cstdint>
#include <string>

namespace rata::dns {

// The codes of the IANA "Domain Name System (DNS) Parameters" registry as dig prints them. Codes are open: a number
// without a mnemonic is no error and prints as RCODE12, OPCODE9, CLASS7 (types: util/rr_types.h).

std::string opcode_text(std::uint8_t opcode);
/// `rcode`: four bits, or twelve with EDNS.
std::string rcode_text(std::uint16_t rcode);
std::string class_text(std::uint16_t rr_class);

inline constexpr std::uint16_t class_in = 1, class_ch = 3, class_none = 254, class_any = 255;
inline constexpr std::uint16_t type_a = 1, type_ns = 2, type_cname = 5, type_soa = 6, type_mx = 15, type_dname = 39;
inline constexpr std::uint16_t type_opt = 41;  ///< EDNS
inline constexpr std::uint16_t type_ixfr = 251, type_any = 255;

inline constexpr std::uint8_t opcode_query = 0, opcode_iquery = 1, opcode_notify = 4, opcode_update = 5, opcode_dso = 6;

}  // namespace rata::dns
