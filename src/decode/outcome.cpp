#include "decode/datagram.h"

namespace rata::decode {
namespace {

struct OutcomeRow {
  std::string_view name;
  OutcomeClass kind;
  std::string_view help;
};

constexpr std::array<OutcomeRow, static_cast<std::size_t>(Outcome::count_)> rows = {{
    {"decoded", OutcomeClass::decoded, "gave DNS payload, or went into a stream or a datagram that may"},
    {"not_ip", OutcomeClass::filtered, "carries neither IPv4 nor IPv6"},
    {"other_protocol", OutcomeClass::filtered, "carries neither UDP nor TCP"},
    {"other_port", OutcomeClass::filtered, "neither port is a DNS port (`--port`)"},
    {"dns_in_icmp", OutcomeClass::filtered, "an ICMP error that quotes a datagram from or to a DNS port"},
    {"encrypted", OutcomeClass::filtered, "encrypted by the link layer (Wi-Fi)"},
    {"no_message", OutcomeClass::filtered, "a dnstap frame without DNS message"},
    {"unknown_link_type", OutcomeClass::refused, "of a link layer that is not read; `ratadns summary` names it"},
    {"cut_link_header", OutcomeClass::refused, "ends inside the headers before IP"},
    {"bad_tunnel_header", OutcomeClass::refused, "a tunnel's header contradicts itself or ends too soon"},
    {"too_deep", OutcomeClass::refused, "more layers or tunnels inside each other than anyone builds"},
    {"bad_ip_header", OutcomeClass::refused, "an IP header contradicts itself or ends too soon"},
    {"cut_by_capture", OutcomeClass::refused,
     "the snapshot length ends before the headers or the DNS payload do: capture with `-s 0`"},
    {"bad_udp_header", OutcomeClass::refused, "a UDP header is too short or its length contradicts IP"},
    {"bad_tcp_header", OutcomeClass::refused, "a TCP header is too short or its length contradicts IP"},
    {"bad_fragment", OutcomeClass::refused, "a fragment that cannot be part of any datagram"},
    {"bad_record", OutcomeClass::refused, "a dnstap frame or Speedy record that cannot be read"},
}};

}  // namespace

OutcomeClass class_of(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].kind; }

std::string_view name(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].name; }

std::string_view help(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].help; }

}  // namespace rata::decode
