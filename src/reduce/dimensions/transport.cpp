#include <fmt/format.h>

#include "reduce/dimensions/columns.h"

namespace rata::reduce {
namespace {

using util::Member;
using util::Transport;

constexpr Needs needs_transport{.members = {Member::transport}};
constexpr Needs needs_party{.members = {}, .either_party = true};
constexpr Needs needs_ports{.members = {Member::flags, Member::ports}};  // flags: whose port it is

std::uint32_t transport(const Packet& packet, const Look&) { return static_cast<std::uint32_t>(packet.transport); }
std::uint32_t ip_version(const Packet& packet, const Look&) { return over_ipv6(packet) ? 6 : 4; }

std::uint32_t client_port(const Packet& packet, const Look& look) { return packet.client_port / look.argument; }
std::uint32_t server_port(const Packet& packet, const Look& look) { return packet.server_port / look.argument; }
std::uint32_t source_port(const Packet& packet, const Look& look) {
  return (packet.message.is_response() ? packet.server_port : packet.client_port) / look.argument;
}

std::string transport_text(std::uint32_t code, const Look&) {
  return std::string(util::name(static_cast<Transport>(code)));
}

/// What is below: the older chain knows UDP and TCP.
std::string older_transport_text(std::uint32_t code, const Look&) {
  switch (static_cast<Transport>(code)) {
    case Transport::udp:
    case Transport::doq:
    case Transport::dnscrypt_udp:
      return "udp";
    default:
      return "tcp";
  }
}

enum Direction : std::uint32_t { received, sent, passing };

bool is_local(const util::Address& address, std::string_view text, bool known, const Context& context) {
  return known && text.empty() && context.local.contains(address);
}

/// Where nothing says which addresses are of this side, it is the server's, as on its own machine.
std::uint32_t direction(const Packet& packet, const Look& look) {
  const bool response = packet.message.is_response();
  const bool knows_source = !packet.lacks.has(Member::source), knows_dest = !packet.lacks.has(Member::dest);
  if (look.context.local.empty() || (!knows_source && !knows_dest)) return response ? sent : received;
  const bool client = is_local(packet.client, packet.client_text, response ? knows_dest : knows_source, look.context);
  const bool server = is_local(packet.server, packet.server_text, response ? knows_source : knows_dest, look.context);
  if (response ? server : client) return sent;
  return (response ? client : server) ? received : passing;
}

constexpr Dimension port_dimension(std::string_view name, std::string_view help,
                                   void (*codes)(const ChosenPackets&, const Look&, std::uint32_t*)) {
  return {.name = name,
          .help = help,
          .example = "1024-2047",
          .needs = needs_ports,
          .argument = width_argument,
          .read_argument = read_width,
          .default_argument = 1,
          .bits = 16,
          .codes = codes,
          .code_text = bucket_text,
          .quantity = Quantity::code};
}

constexpr Dimension table[] = {
    {.name = "transport",
     .help = "udp or tcp; from dnstap also dot, doh, doq, dnscrypt_udp, dnscrypt_tcp",
     .example = "udp",
     .needs = needs_transport,
     .bits = 8,
     .codes = fill<transport>,
     .code_text = transport_text,
     .older_code_text = older_transport_text},
    {.name = "ip_version",
     .help = "IPv4 or IPv6",
     .example = "IPv6",
     .needs = needs_party,
     .bits = 8,
     .codes = fill<ip_version>,
     .code_text = [](std::uint32_t code, const Look&) { return std::string(code == 4 ? "IPv4" : "IPv6"); }},
    {.name = "direction",
     .help = "sent, recv or else, seen from the addresses under `local` and [[server]]; without these queries are recv",
     .example = "recv",
     .needs = {.members = {Member::flags}},
     .bits = 2,
     .codes = fill<direction>,
     .code_text =
         [](std::uint32_t code, const Look&) {
           return std::string(code == sent ? "sent" : code == received ? "recv" : "else");
         }},
    port_dimension("client_port", "port of the one who asks", fill<client_port>),
    port_dimension("server_port", "port of the one who responds", fill<server_port>),
    port_dimension("source_port", "port that the message came from", fill<source_port>),
};

constexpr Condition condition_table[] = {
    condition<[](const Packet& packet) { return packet.transport == Transport::udp; }>("udp", "came over UDP",
                                                                                       needs_transport),
    condition<[](const Packet& packet) { return packet.transport == Transport::tcp; }>("tcp", "came over TCP",
                                                                                       needs_transport),
    condition<[](const Packet& packet) { return !over_ipv6(packet); }>("ipv4", "came over IPv4", needs_party),
    condition<over_ipv6>("ipv6", "came over IPv6", needs_party),
};

}  // namespace

std::span<const Dimension> transport_dimensions() { return table; }
std::span<const Condition> transport_conditions() { return condition_table; }

}  // namespace rata::reduce
