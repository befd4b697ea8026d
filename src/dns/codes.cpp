#include "dns/codes.h"

#include <fmt/format.h>

#include <array>

namespace rata::dns {
namespace {

// RFC 1035, 1996, 2136, 8490. 3 is unassigned.
constexpr std::array<const char*, 7> opcodes = {"QUERY", "IQUERY", "STATUS", nullptr, "NOTIFY", "UPDATE", "DSO"};

// RFC 1035, 2136, 8490; from 16 on only EDNS can say them (RFC 6891, 8945, 2930, 7873). 12 to 15 are unassigned.
constexpr std::array<const char*, 24> rcodes = {"NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP",   "REFUSED",
                                                "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE",  "DSOTYPENI",
                                                nullptr,    nullptr,   nullptr,    nullptr,    "BADVERS",  "BADKEY",
                                                "BADTIME",  "BADMODE", "BADNAME",  "BADALG",   "BADTRUNC", "BADCOOKIE"};

}  // namespace

std::string opcode_text(std::uint8_t opcode) {
  if (opcode < opcodes.size() && opcodes[opcode] != nullptr) return opcodes[opcode];
  return fmt::format("OPCODE{}", opcode);
}

std::string rcode_text(std::uint16_t rcode) {
  if (rcode < rcodes.size() && rcodes[rcode] != nullptr) return rcodes[rcode];
  return fmt::format("RCODE{}", rcode);
}

std::string class_text(std::uint16_t rr_class) {
  switch (rr_class) {
    case 1:
      return "IN";
    case 3:
      return "CH";
    case 4:
      return "HS";
    case 254:
      return "NONE";
    case 255:
      return "ANY";
    default:
      return fmt::format("CLASS{}", rr_class);
  }
}

}  // namespace rata::dns
