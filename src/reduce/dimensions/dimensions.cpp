#include <fmt/format.h>

#include <algorithm>

#include "dns/codes.h"
#include "dns/name.h"
#include "dns/response_kind.h"
#include "reduce/dimension.h"
#include "util/rr_types.h"

namespace rata::reduce {
namespace {

using util::Member;

/// A column of what `value` says of each packet.
template <std::uint32_t (*value)(const Packet&, const Look&)>
void fill(std::span<const Packet> packets, const Look& look, std::uint32_t* codes) {
  for (const Packet& packet : packets) *codes++ = value(packet, look);
}

/// What only a message with a question has.
template <std::uint16_t dns::Message::* member>
std::uint32_t of_question(const Packet& packet, const Look&) {
  return packet.message.has_question() ? packet.message.*member : no_code;
}

std::uint32_t rcode(const Packet& packet, const Look&) {
  return packet.message.is_response() ? packet.message.rcode() : no_code;
}
std::uint32_t kind(const Packet& packet, const Look&) {
  // Not among the needs: there a message without question, which has a kind, counts as one that lacks it.
  if (packet.lacks.has(Member::queries)) return no_code;
  const auto found = dns::response_kind(packet.message);
  return found ? static_cast<std::uint32_t>(*found) : no_code;
}
std::uint32_t opcode(const Packet& packet, const Look&) { return packet.message.opcode(); }
std::uint32_t transport(const Packet& packet, const Look&) { return static_cast<std::uint32_t>(packet.transport); }
std::uint32_t ip_version(const Packet& packet, const Look&) { return over_ipv6(packet) ? 6 : 4; }
// A DNS message has at most 65535 octets: its length field over TCP, UDP's own over UDP.
std::uint32_t message_size(const Packet& packet, const Look&) {
  return static_cast<std::uint32_t>(packet.message.octets.size());
}

std::string decimal(std::uint32_t code, const Look&) { return std::to_string(code); }
std::string hexadecimal(std::uint32_t code, const Look&) { return fmt::format("{:x}", code); }

/// Their hash is a fact of the packet.
void clients(std::span<const Packet> packets, const Look&, KeyColumn& keys) {
  KeyBuffer key;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].client_text.empty()) {
      keys.refer(i, packets[i].client.bytes(), packets[i].client_hash);
      continue;
    }
    party_key(packets[i].client, packets[i].client_text, key);
    keys.copy(i, key.octets());
  }
}

void qnames(std::span<const Packet> packets, const Look&, KeyColumn& keys) {
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if (packets[i].qname.empty())
      keys.none(i);
    else
      keys.refer(i, packets[i].qname, packets[i].qname_hash);
  }
}

template <util::Address Packet::* address, std::string_view Packet::* text>
void parties(std::span<const Packet> packets, const Look&, KeyColumn& keys) {
  KeyBuffer key;
  for (std::size_t i = 0; i < packets.size(); ++i) {
    if ((packets[i].*text).empty()) {
      keys.refer(i, (packets[i].*address).bytes());
      continue;
    }
    party_key(packets[i].*address, packets[i].*text, key);
    keys.copy(i, key.octets());
  }
}

constexpr Dimension table[] = {
    {.name = "qname",
     .help = "name of the first question, lower case, with the final dot",
     .example = "www.example.",
     .needs = {.members = {Member::queries}},
     .keys = qnames,
     .key_text = [](Octets octets, const Look&) { return dns::name_text(octets); }},
    {.name = "qtype",
     .help = "type of the first question by its IANA mnemonic",
     .example = "AAAA",
     .needs = {.members = {Member::queries}},
     .bits = 16,
     .codes = fill<of_question<&dns::Message::qtype>>,
     .code_text = [](std::uint32_t code, const Look&) { return util::rr_type_text(static_cast<std::uint16_t>(code)); },
     .older_code_text = hexadecimal},
    {.name = "qclass",
     .help = "class of the first question",
     .example = "IN",
     .needs = {.members = {Member::queries}},
     .bits = 16,
     .codes = fill<of_question<&dns::Message::qclass>>,
     .code_text = [](std::uint32_t code, const Look&) { return dns::class_text(static_cast<std::uint16_t>(code)); },
     .older_code_text = hexadecimal},
    {.name = "opcode",
     .help = "kind of message (QUERY, NOTIFY, UPDATE...)",
     .example = "QUERY",
     .needs = {.members = {Member::flags}},
     .bits = 4,
     .codes = fill<opcode>,
     .code_text = [](std::uint32_t code, const Look&) { return dns::opcode_text(static_cast<std::uint8_t>(code)); },
     .older_code_text = decimal},
    {.name = "rcode",
     .help = "result of a response, with the bits that EDNS adds",
     .example = "NXDOMAIN",
     .needs = {.members = {Member::flags}},
     .bits = 12,
     .codes = fill<rcode>,
     .code_text = [](std::uint32_t code, const Look&) { return dns::rcode_text(static_cast<std::uint16_t>(code)); },
     .older_code_text = [](std::uint32_t code, const Look& look) { return decimal(code & 0xf, look); }},
    {.name = "kind",
     .help = "what a response says: answer, alias, referral, nodata, nxdomain, error, truncated...",
     .example = "nodata",
     .needs = {.members = {Member::flags, Member::answers, Member::authorities}},
     .bits = 8,
     .codes = fill<kind>,
     .code_text = [](std::uint32_t code,
                     const Look&) { return std::string(dns::name(static_cast<dns::ResponseKind>(code))); }},
    {.name = "client",
     .help = "address of the one who asks",
     .example = "192.0.2.1",
     .needs = {.members = {}, .client = true},
     .keys = clients,
     .key_text = [](Octets octets, const Look&) { return party_text(octets); }},
    {.name = "server",
     .help = "address of the one who responds",
     .example = "192.0.2.53",
     .needs = {.members = {}, .server = true},
     .keys = parties<&Packet::server, &Packet::server_text>,
     .key_text = [](Octets octets, const Look&) { return party_text(octets); }},
    {.name = "transport",
     .help = "udp or tcp; from dnstap also dot, doh, doq, dnscrypt_udp, dnscrypt_tcp",
     .example = "udp",
     .needs = {.members = {Member::transport}},
     .bits = 8,
     .codes = fill<transport>,
     .code_text = [](std::uint32_t code,
                     const Look&) { return std::string(util::name(static_cast<util::Transport>(code))); }},
    {.name = "ip_version",
     .help = "IPv4 or IPv6",
     .example = "IPv6",
     .needs = {.members = {}, .either_party = true},
     .bits = 8,
     .codes = fill<ip_version>,
     .code_text = [](std::uint32_t code, const Look&) { return std::string(code == 4 ? "IPv4" : "IPv6"); }},
    {.name = "message_size",
     .help = "octets of the DNS message, without TCP's length field",
     .example = "59",
     .needs = {.members = {Member::size}},
     .bits = 16,
     .codes = fill<message_size>,
     .code_text = decimal},
};

constexpr Condition condition_table[] = {
    {"query",
     "QR is 0",
     [](const Packet& packet, const Context&) { return packet.message.is_query(); },
     {.members = {Member::flags}}},
    {"response",
     "QR is 1",
     [](const Packet& packet, const Context&) { return packet.message.is_response(); },
     {.members = {Member::flags}}},
    {"udp",
     "came over UDP",
     [](const Packet& packet, const Context&) { return packet.transport == util::Transport::udp; },
     {.members = {Member::transport}}},
    {"tcp",
     "came over TCP",
     [](const Packet& packet, const Context&) { return packet.transport == util::Transport::tcp; },
     {.members = {Member::transport}}},
    {"ipv4",
     "came over IPv4",
     [](const Packet& packet, const Context&) { return !over_ipv6(packet); },
     {.members = {}, .either_party = true}},
    {"ipv6",
     "came over IPv6",
     [](const Packet& packet, const Context&) { return over_ipv6(packet); },
     {.members = {}, .either_party = true}},
    {"edns",
     "has an OPT record",
     [](const Packet& packet, const Context&) { return packet.message.edns.present; },
     {.members = {Member::edns}}},
    {"do",
     "has the DNSSEC OK bit",
     [](const Packet& packet, const Context&) { return packet.message.edns.dnssec_ok; },
     {.members = {Member::edns}}},
    {"tc",
     "is truncated",
     [](const Packet& packet, const Context&) { return packet.message.truncated(); },
     {.members = {Member::flags}}},
    {"rd",
     "recursion is desired",
     [](const Packet& packet, const Context&) { return packet.message.recursion_desired(); },
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
