#include <algorithm>

#include "dns/codes.h"
#include "dns/name.h"
#include "dns/response_kind.h"
#include "reduce/dimension.h"
#include "util/rr_types.h"

namespace rata::reduce {
namespace {

using Octets = std::span<const std::uint8_t>;
using util::Member;

std::uint16_t number(Octets octets) { return static_cast<std::uint16_t>(octets[0] << 8 | octets[1]); }

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
  party_key(packet.client, packet.client_text, key);
  return true;
}
bool server(const Packet& packet, KeyBuffer& key) {
  party_key(packet.server, packet.server_text, key);
  return true;
}
bool rcode(const Packet& packet, KeyBuffer& key) {
  if (packet.message.is_query()) return false;
  key.assign_number(packet.message.rcode());
  return true;
}
bool kind(const Packet& packet, KeyBuffer& key) {
  // Not among the needs: there a message without question, which has a kind, counts as one that lacks it.
  if (packet.lacks.has(Member::queries)) return false;
  const auto found = dns::response_kind(packet.message);
  if (found) key.assign_number(static_cast<std::uint16_t>(*found));
  return found.has_value();
}
std::uint16_t opcode(const Packet& packet) { return packet.message.opcode(); }
std::uint16_t transport(const Packet& packet) { return static_cast<std::uint16_t>(packet.transport); }
std::uint16_t ip_version(const Packet& packet) { return over_ipv6(packet) ? 6 : 4; }
// A DNS message has at most 65535 octets: its length field over TCP, UDP's own over UDP.
std::uint16_t message_size(const Packet& packet) { return static_cast<std::uint16_t>(packet.message.octets.size()); }

constexpr Dimension table[] = {
    {"qname",
     "name of the first question, lower case, with the final dot",
     qname,
     [](Octets octets) { return dns::name_text(octets); },
     {.members = {Member::queries}}},
    {"qtype",
     "type of the first question by its IANA mnemonic",
     of_question<&dns::Message::qtype>,
     [](Octets octets) { return util::rr_type_text(number(octets)); },
     {.members = {Member::queries}}},
    {"qclass",
     "class of the first question",
     of_question<&dns::Message::qclass>,
     [](Octets octets) { return dns::class_text(number(octets)); },
     {.members = {Member::queries}}},
    {"opcode",
     "kind of message (QUERY, NOTIFY, UPDATE...)",
     always<opcode>,
     [](Octets octets) { return dns::opcode_text(static_cast<std::uint8_t>(number(octets))); },
     {.members = {Member::flags}}},
    {"rcode",
     "result of a response, with the bits that EDNS adds",
     rcode,
     [](Octets octets) { return dns::rcode_text(number(octets)); },
     {.members = {Member::flags}}},
    {"kind",
     "what a response says: answer, alias, referral, nodata, nxdomain, error, truncated...",
     kind,
     [](Octets octets) { return std::string(dns::name(static_cast<dns::ResponseKind>(number(octets)))); },
     {.members = {Member::flags, Member::answers, Member::authorities}}},
    {"client", "address of the one who asks", client, party_text, {.members = {}, .client = true}},
    {"server", "address of the one who responds", server, party_text, {.members = {}, .server = true}},
    {"transport",
     "udp or tcp; from dnstap also dot, doh, doq, dnscrypt_udp, dnscrypt_tcp",
     always<transport>,
     [](Octets octets) { return std::string(util::name(static_cast<util::Transport>(number(octets)))); },
     {.members = {Member::transport}}},
    {"ip_version",
     "IPv4 or IPv6",
     always<ip_version>,
     [](Octets octets) { return std::string(number(octets) == 4 ? "IPv4" : "IPv6"); },
     {.members = {}, .either_party = true}},
    {"message_size",
     "octets of the DNS message, without TCP's length field",
     always<message_size>,
     [](Octets octets) { return std::to_string(number(octets)); },
     {.members = {Member::size}}},
};

constexpr Condition condition_table[] = {
    {"query", "QR is 0", [](const Packet& packet) { return packet.message.is_query(); }, {.members = {Member::flags}}},
    {"response",
     "QR is 1",
     [](const Packet& packet) { return packet.message.is_response(); },
     {.members = {Member::flags}}},
    {"udp",
     "came over UDP",
     [](const Packet& packet) { return packet.transport == util::Transport::udp; },
     {.members = {Member::transport}}},
    {"tcp",
     "came over TCP",
     [](const Packet& packet) { return packet.transport == util::Transport::tcp; },
     {.members = {Member::transport}}},
    {"ipv4",
     "came over IPv4",
     [](const Packet& packet) { return !over_ipv6(packet); },
     {.members = {}, .either_party = true}},
    {"ipv6", "came over IPv6", over_ipv6, {.members = {}, .either_party = true}},
    {"edns",
     "has an OPT record",
     [](const Packet& packet) { return packet.message.edns.present; },
     {.members = {Member::edns}}},
    {"do",
     "has the DNSSEC OK bit",
     [](const Packet& packet) { return packet.message.edns.dnssec_ok; },
     {.members = {Member::edns}}},
    {"tc",
     "is truncated",
     [](const Packet& packet) { return packet.message.truncated(); },
     {.members = {Member::flags}}},
    {"rd",
     "recursion is desired",
     [](const Packet& packet) { return packet.message.recursion_desired(); },
     {.members = {Member::flags}}},
};

template <typename Row>
const Row* find(std::span<const Row> rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  return found == rows.end() ? nullptr : &*found;
}

/// Behind a text that is no address: one octet 0, or 0 and 1 where one would make it as long as an address.
bool address_length(std::size_t size) { return size == 4 || size == 16; }

}  // namespace

void party_key(const util::Address& address, std::string_view text, KeyBuffer& key) {
  if (text.empty()) return key.assign(address.bytes());
  key.assign({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  key.append(0);
  if (address_length(text.size() + 1)) key.append(1);
}

std::string party_text(Octets key) {
  if (address_length(key.size())) return util::text(util::Address::from(key));
  const Octets text = key.first(key.size() - (key.back() == 0 ? 1 : 2));
  return {text.begin(), text.end()};
}

std::span<const Dimension> dimensions() { return table; }
const Dimension* find_dimension(std::string_view name) { return find(dimensions(), name); }
std::span<const Condition> conditions() { return condition_table; }
const Condition* find_condition(std::string_view name) { return find(conditions(), name); }

}  // namespace rata::reduce
