#include "decode/datagram.h"

namespace rata::decode {
namespace {

struct OutcomeRow {
  std::string_view name;
  std::string_view help;
};

constexpr std::array<OutcomeRow, static_cast<std::size_t>(Outcome::count_)> rows = {{
    {"decoded", "gave DNS payload, or went into a stream or a datagram that may"},
    {"not_ip", "carries neither IPv4 nor IPv6"},
    {"other_protocol", "carries neither UDP nor TCP"},
    {"other_port", "neither port is a DNS port (`--port`)"},
    {"dns_in_icmp", "an ICMP error that quotes a datagram from or to a DNS port"},
    {"encrypted", "encrypted by the link layer (Wi-Fi)"},
    {"no_message", "a dnstap frame without DNS message"},
    {"unknown_link_type", "of a link layer that is not read; `ratadns summary` names it"},
    {"cut_link_header", "ends inside the headers before IP"},
    {"bad_tunnel_header", "a tunnel's header contradicts itself or ends too soon"},
    {"too_deep", "more layers or tunnels inside each other than anyone builds"},
    {"bad_ip_header", "an IP header contradicts itself or ends too soon"},
    {"cut_by_capture", "the snapshot length ends before the headers or the DNS payload do: capture with `-s 0`"},
    {"bad_udp_header", "a UDP header is too short or its length contradicts IP"},
    {"bad_tcp_header", "a TCP header is too short or its length contradicts IP"},
    {"bad_fragment", "a fragment that cannot be part of any datagram"},
    {"bad_record", "a dnstap frame or Speedy record that cannot be read"},
}};

}  // namespace

std::string_view name(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].name; }

std::string_view help(Outcome outcome) { return rows[static_cast<std::size_t>(outcome)].help; }

}  // namespace rata::decode
