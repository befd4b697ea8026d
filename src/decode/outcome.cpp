#include "decode/datagram.h"

namespace rata::decode {
namespace {

struct OutcomeRow {
  std::string_view name;
  OutcomeClass kind;
};

constexpr std::array<OutcomeRow, static_cast<std::size_t>(Outcome::count_)> rows = {{
    {"decoded", OutcomeClass::decoded},
    {"not_ip", OutcomeClass::filtered},
    {"other_protocol", OutcomeClass::filtered},
    {"other_port", OutcomeClass::filtered},
    {"dns_in_icmp", OutcomeClass::filtered},
    {"encrypted", OutcomeClass::filtered},
    {"no_message", OutcomeClass::filtered},
    {"unknown_link_type", OutcomeClass::refused},
    {"cut_link_header", OutcomeClass::refused},
    {"bad_tunnel_header", OutcomeClass::refused},
    {"too_deep", OutcomeClass::refused},
    {"bad_ip_header", OutcomeClass::refused},
    {"cut_by_capture", OutcomeClass::refused},
    {"bad_udp_header", OutcomeClass::refused},
    {"bad_tcp_header", OutcomeClass::refused},
    {"bad_fragment", OutcomeClass::refused},
    {"bad_record", OutcomeClass::refused},
}};

}  // namespace

OutcomeClass class_of(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].kind; }

std::string_view name(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].name; }

}  // namespace rata::decode
