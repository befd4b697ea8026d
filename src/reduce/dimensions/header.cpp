#include "dns/codes.h"
#include "dns/response_kind.h"
#include "reduce/dimensions/columns.h"

namespace rata::reduce {
namespace {

using util::Member;

constexpr Needs flags{.members = {Member::flags}};
constexpr Needs question{.members = {Member::queries}};

constexpr std::uint16_t tc_bit = 0x200, rd_bit = 0x100, ra_bit = 0x80, aa_bit = 0x400, ad_bit = 0x20, cd_bit = 0x10;

template <std::uint16_t mask>
std::uint32_t bit(const Packet& packet, const Look&) {
  return (packet.message.flags & mask) != 0;
}
template <std::uint16_t mask>
bool has(const Packet& packet) {
  return (packet.message.flags & mask) != 0;
}

constexpr std::uint8_t rcode_servfail = 2, rcode_nxdomain = 3;

template <std::uint8_t code>
bool has_rcode(const Packet& packet) {
  return packet.message.header_rcode() == code;
}

std::uint32_t rcode(const Packet& packet, const Look&) {
  return packet.message.is_response() ? packet.message.rcode() : no_code;
}
std::uint32_t header_rcode(const Packet& packet, const Look&) { return packet.message.header_rcode(); }
std::uint32_t opcode(const Packet& packet, const Look&) { return packet.message.opcode(); }
std::uint32_t kind(const Packet& packet, const Look&) {
  // Not among the needs: there a message without question, which has a kind, counts as one that lacks it.
  if (packet.lacks.has(Member::queries)) return no_code;
  const auto found = dns::response_kind(packet.message);
  return found ? static_cast<std::uint32_t>(*found) : no_code;
}
std::uint32_t qr_aa(const Packet& packet, const Look&) {
  return (packet.message.is_response() ? 1u : 0u) | (packet.message.authoritative() ? 2u : 0u);
}

// A DNS message has at most 65535 octets: its length field over TCP, UDP's own over UDP.
std::uint32_t message_size(const Packet& packet, const Look& look) {
  return static_cast<std::uint32_t>(packet.message.octets.size()) / look.argument;
}

std::string rcode_text(std::uint32_t code, const Look&) { return dns::rcode_text(static_cast<std::uint16_t>(code)); }

template <std::uint16_t mask>
constexpr Dimension bit_dimension(std::string_view name, std::string_view help) {
  return {.name = name,
          .help = help,
          .example = "set",
          .needs = flags,
          .bits = 1,
          .codes = fill<bit<mask>>,
          .code_text = set_or_clr};
}

constexpr Dimension table[] = {
    {.name = "opcode",
     .help = "kind of message (QUERY, NOTIFY, UPDATE...)",
     .example = "QUERY",
     .needs = flags,
     .bits = 4,
     .codes = fill<opcode>,
     .code_text = [](std::uint32_t code, const Look&) { return dns::opcode_text(static_cast<std::uint8_t>(code)); },
     .older_code_text = decimal},
    {.name = "rcode",
     .help = "result of a response, with the bits that EDNS adds",
     .example = "NXDOMAIN",
     .needs = flags,
     .bits = 12,
     .codes = fill<rcode>,
     .code_text = rcode_text,
     .older_code_text = [](std::uint32_t code, const Look& look) { return decimal(code & 0xf, look); }},
    {.name = "header_rcode",
     .help = "the four bits of the header alone, of queries too",
     .example = "NXDOMAIN",
     .needs = flags,
     .bits = 4,
     .codes = fill<header_rcode>,
     .code_text = rcode_text,
     .older_code_text = decimal},
    {.name = "kind",
     .help = "what a response says: answer, alias, referral, nodata, nxdomain, error, truncated...",
     .example = "nodata",
     .needs = {.members = {Member::flags, Member::answers, Member::authorities}},
     .bits = 8,
     .codes = fill<kind>,
     .code_text = [](std::uint32_t code,
                     const Look&) { return std::string(dns::name(static_cast<dns::ResponseKind>(code))); }},
    bit_dimension<aa_bit>("aa", "the authoritative answer bit: set or clr"),
    bit_dimension<tc_bit>("tc", "the truncation bit: set or clr"),
    bit_dimension<rd_bit>("rd", "the recursion desired bit: set or clr"),
    bit_dimension<ra_bit>("ra", "the recursion available bit: set or clr"),
    bit_dimension<ad_bit>("ad", "the authentic data bit: set or clr"),
    bit_dimension<cd_bit>("cd", "the checking disabled bit: set or clr"),
    {.name = "qr_aa",
     .help = "the response and the authoritative answer bit together",
     .example = "qr=1,aa=0",
     .needs = flags,
     .bits = 2,
     .codes = fill<qr_aa>,
     .code_text =
         [](std::uint32_t code, const Look&) {
           return std::string("qr=") + (code & 1 ? '1' : '0') + ",aa=" + (code & 2 ? '1' : '0');
         }},
    {.name = "message_size",
     .help = "octets of the DNS message, without TCP's length field",
     .example = "59",
     .needs = {.members = {Member::size}},
     .argument = width_argument,
     .read_argument = read_width,
     .default_argument = 1,
     .bits = 16,
     .codes = fill<message_size>,
     .code_text = bucket_text,
     .quantity = Quantity::code},
};

constexpr Condition condition_table[] = {
    condition<[](const Packet& packet) { return packet.message.is_query(); }>("query", "QR is 0", flags),
    condition<[](const Packet& packet) { return packet.message.is_response(); }>("response", "QR is 1", flags),
    condition<has<aa_bit>>("aa", "is authoritative", flags),
    condition<has<tc_bit>>("tc", "is truncated", flags),
    condition<has<rd_bit>>("rd", "recursion is desired", flags),
    condition<has<ra_bit>>("ra", "recursion is available", flags),
    condition<has<ad_bit>>("ad", "has the authentic data bit", flags),
    condition<has<cd_bit>>("cd", "has the checking disabled bit", flags),
    condition<has_rcode<rcode_nxdomain>>("nxdomain", "the header's RCODE is NXDOMAIN", flags),
    condition<has_rcode<rcode_servfail>>("servfail", "the header's RCODE is SERVFAIL", flags),
    condition<[](const Packet& packet) { return packet.message.qclass == dns::class_ch; }>("chaos", "class CH",
                                                                                           question),
};

}  // namespace

std::span<const Dimension> header_dimensions() { return table; }
std::span<const Condition> header_conditions() { return condition_table; }

}  // namespace rata::reduce
