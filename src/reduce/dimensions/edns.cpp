#include "dns/message.h"
#include "reduce/dimensions/columns.h"

namespace rata::reduce {
namespace {

using util::Member;

constexpr Needs edns{.members = {Member::edns}};

// Code 0 is for a message without OPT record.
std::uint32_t version(const Packet& packet, const Look&) {
  return packet.message.edns.present ? 1u + packet.message.edns.version : 0;
}
std::uint32_t size(const Packet& packet, const Look& look) {
  return packet.message.edns.present ? 1 + packet.message.edns.udp_size / look.argument : 0;
}
std::uint32_t dnssec_ok(const Packet& packet, const Look&) { return packet.message.edns.dnssec_ok; }

std::string size_text(std::uint32_t code, const Look& look) { return code == 0 ? "none" : bucket_text(code - 1, look); }

constexpr Dimension table[] = {
    {.name = "edns_version",
     .help = "version of EDNS, or none",
     .example = "0",
     .needs = edns,
     .bits = 9,
     .codes = fill<version>,
     .code_text = [](std::uint32_t code, const Look&) { return code == 0 ? "none" : std::to_string(code - 1); }},
    {.name = "edns_size",
     .help = "octets that EDNS says can be received over UDP, or none",
     .example = "1024-1535",
     .needs = edns,
     .argument = width_argument,
     .read_argument = read_width,
     .default_argument = 512,
     .bits = 17,
     .codes = fill<size>,
     .code_text = size_text,
     .older_code_text = [](std::uint32_t code,
                           const Look& look) { return code == 0 ? "None" : bucket_text(code - 1, look); },
     .quantity = Quantity::after_none},
    {.name = "do",
     .help = "the DNSSEC OK bit: set or clr; clr without EDNS",
     .example = "set",
     .needs = edns,
     .bits = 1,
     .codes = fill<dnssec_ok>,
     .code_text = set_or_clr},
};

constexpr Condition condition_table[] = {
    condition<[](const Packet& packet) { return packet.message.edns.present; }>("edns", "has an OPT record", edns),
    condition<[](const Packet& packet) { return packet.message.edns.present && packet.message.edns.version == 0; }>(
        "edns0", "has an OPT record of version 0", edns),
    condition<[](const Packet& packet) { return packet.message.edns.dnssec_ok; }>("do", "has the DNSSEC OK bit", edns),
};

}  // namespace

std::span<const Dimension> edns_dimensions() { return table; }
std::span<const Condition> edns_conditions() { return condition_table; }

}  // namespace rata::reduce
