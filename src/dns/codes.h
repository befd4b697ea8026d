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

inline constexpr std::uint16_t class_in = 1;
inline constexpr std::uint16_t type_ns = 2;
inline constexpr std::uint16_t type_opt = 41;

}  // namespace rata::dns
