#include <algorithm>

#include "dns/codes.h"
#include "dns/name.h"
#include "reduce/dimension.h"
#include "util/rr_types.h"

namespace rata::reduce {
namespace {

using Octets = std::span<const std::uint8_t>;

std::uint16_t number(Octets octets) { return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]); }

std::string address_text(Octets octets) { return util::text(util::Address::from(octets)); }

template <std::uint16_t (*value)(const Packet&)>
bool always(const Packet& packet, KeyBuffer& key) {
  key.assign_number(value(packet));
  return true;
}

/// What only a message with a question has.
template <std::uint16_t dns::Message::* member>
bool of_question(const Packet& packet, KeyBuffer& key) {
  if (!packet.message.has_question()) return false;
  key.assign_number(packet.message.*member);
  return true;
}

bool qname(const Packet& packet, KeyBuffer& key) {
  if (packet.qname.empty()) return false;
  key.assign(packet.qname);
  return true;
}
bool client(const Packet& packet, KeyBuffer& key) {
  key.assign(packet.client.bytes());
  return true;
}
bool server(const Packet& packet, KeyBuffer& key) {
  key.assign(packet.server.bytes());
  return true;
}
bool rcode(const Packet& packet, KeyBuffer& key) {
  if (packet.message.is_query()) return false;
  key.assign_number(packet.message.rcode());
  return true;
}
std::uint16_t opcode(const Packet& packet) { return packet.message.opcode(); }
std::uint16_t transport(const Packet& packet) { return static_cast<std::uint16_t>(packet.transport); }
std::uint16_t ip_version(const Packet& packet) { return packet.client.v6 ? 6 : 4; }
// A DNS message has at most 65535 octets: its length field over TCP, UDP's own over UDP.
std::uint16_t message_size(const Packet& packet) { return static_cast<std::uint16_t>(packet.message.octets.size()); }

constexpr Dimension table[] = {
    {"qname", "name of the first question, lower case, with the final dot", qname,
     [](Octets octets) { return dns::name_text(octets); }},
    {"qtype", "type of the first question by its IANA mnemonic", of_question<&dns::Message::qtype>,
     [](Octets octets) { return util::rr_type_text(number(octets)); }},
    {"qclass", "class of the first question", of_question<&dns::Message::qclass>,
     [](Octets octets) { return dns::class_text(number(octets)); }},
    {"opcode", "kind of message (QUERY, NOTIFY, UPDATE...)", always<opcode>,
     [](Octets octets) { return dns::opcode_text(static_cast<std::uint8_t>(number(octets))); }},
    {"rcode", "result of a response, with the bits that EDNS adds", rcode,
     [](Octets octets) { return dns::rcode_text(number(octets)); }},
    {"client", "address of the one who asks", client, address_text},
    {"server", "address of the one who responds", server, address_text},
    {"transport", "udp or tcp; from dnstap also dot, doh, doq, dnscrypt_udp, dnscrypt_tcp", always<transport>,
     [](Octets octets) { return std::string(util::name(static_cast<util::Transport>(number(octets)))); }},
    {"ip_version", "IPv4 or IPv6", always<ip_version>,
     [](Octets octets) { return std::string(number(octets) == 4 ? "IPv4" : "IPv6"); }},
    {"message_size", "octets of the DNS message, without TCP's length field", always<message_size>,
     [](Octets octets) { return std::to_string(number(octets)); }},
};

constexpr Condition condition_table[] = {
    {"query", "QR is 0", [](const Packet& packet) { return packet.message.is_query(); }},
    {"response", "QR is 1", [](const Packet& packet) { return packet.message.is_response(); }},
    {"udp", "came over UDP", [](const Packet& packet) { return packet.transport == util::Transport::udp; }},
    {"tcp", "came over TCP", [](const Packet& packet) { return packet.transport == util::Transport::tcp; }},
    {"ipv4", "came over IPv4", [](const Packet& packet) { return !packet.client.v6; }},
    {"ipv6", "came over IPv6", [](const Packet& packet) { return packet.client.v6; }},
    {"edns", "has an OPT record", [](const Packet& packet) { return packet.message.edns.present; }},
    {"do", "has the DNSSEC OK bit", [](const Packet& packet) { return packet.message.edns.dnssec_ok; }},
    {"tc", "is truncated", [](const Packet& packet) { return packet.message.truncated(); }},
    {"rd", "recursion is desired", [](const Packet& packet) { return packet.message.recursion_desired(); }},
};

template <typename Row>
const Row* find(std::span<const Row> rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::span<const Dimension> dimensions() { return table; }
const Dimension* find_dimension(std::string_view name) { return find(dimensions(), name); }
std::span<const Condition> conditions() { return condition_table; }
const Condition* find_condition(std::string_view name) { return find(conditions(), name); }

}  // namespace rata::reduce
