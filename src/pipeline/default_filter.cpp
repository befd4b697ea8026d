#include <fmt/format.h>

#include "pipeline/config.h"

namespace rata::pipeline {
namespace {

using decode::Tunnel;

/// What a BPF filter sees of each tunnel. It cannot look into them: all that they carry goes through.
struct TunnelFilter {
  Tunnel tunnel;
  const char* filter;
};
constexpr TunnelFilter tunnel_filters[] = {
    {Tunnel::gre, "ip[9] == 47 or ip6[6] == 47"},
    {Tunnel::ipip, "ip[9] == 4 or ip6[6] == 4"},
    {Tunnel::six_in_four, "ip[9] == 41 or ip6[6] == 41"},
    {Tunnel::vxlan, "udp dst port 4789 or udp dst port 8472"},
    {Tunnel::geneve, "udp dst port 6081"},
    {Tunnel::gtp, "udp port 2152"},
    {Tunnel::mpls, "ether proto 0x8847 or ether proto 0x8848 or ip[9] == 137 or ip6[6] == 137"},
    {Tunnel::pppoe, "ether proto 0x8864"},
};

/// Later fragments name no port; behind IPv6's extension headers, and an authentication header, BPF does not find it.
constexpr const char* without_ports =
    "(ip[6:2] & 0x1fff != 0) or ip[9] == 51 or "
    "ip6[6] == 0 or ip6[6] == 43 or ip6[6] == 44 or ip6[6] == 51 or ip6[6] == 60";

/// Errors that may quote DNS: RFC 792, RFC 4443 section 2.1.
constexpr const char* icmp_errors =
    "icmp[0] == 3 or icmp[0] == 4 or icmp[0] == 5 or icmp[0] == 11 or icmp[0] == 12 or "
    "(ip6[6] == 58 and ip6[40] < 128)";

}  // namespace

capture::LiveFilter default_filter(const Config& config) {
  std::string plain;
  for (const std::uint16_t port : config.ports) plain += fmt::format("port {} or ", port);
  for (const auto& [tunnel, filter] : tunnel_filters)
    if (config.tunnels.has(tunnel)) plain += fmt::format("{} or ", filter);
  plain += fmt::format("{} or {}", without_ports, icmp_errors);
  // "vlan" shifts the offsets of all that stands behind it, so the tags nest; what has three goes through.
  const std::string untagged = fmt::format("llc or {}", plain);
  return {.ethernet = fmt::format("{0} or (vlan and ({0} or (vlan and ({0} or vlan))))", untagged), .other = plain};
}

}  // namespace rata::pipeline
