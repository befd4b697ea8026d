#include "reduce/dimensions/columns.h"
#include "reduce/geography.h"

namespace rata::reduce {
namespace {

using util::Member;
using Database = std::shared_ptr<const Geography> Context::*;
using Codes = void (*)(const ChosenPackets&, const Look&, std::uint32_t*);

/// Of an address that was made anonymous nobody knows where it is.
std::uint32_t code_of(const Geography* database, const util::Address& address, std::string_view text) {
  return database == nullptr || !text.empty() ? Geography::unknown : database->code(address);
}

template <Database database>
std::uint32_t of_client(const Packet& packet, const Look& look) {
  return code_of((look.context.*database).get(), packet.client, packet.client_text);
}
/// Of whoever sent the message: in a response the server. DSC's indexers look at this one.
template <Database database>
std::uint32_t of_source(const Packet& packet, const Look& look) {
  const Geography* const of = (look.context.*database).get();
  return packet.message.is_response() ? code_of(of, packet.server, packet.server_text)
                                      : code_of(of, packet.client, packet.client_text);
}

constexpr Needs client{.members = {}, .client = true};
constexpr Needs source{.members = {Member::flags, Member::source}};

constexpr Dimension country(std::string_view name, std::string_view help, Needs needs, Codes codes) {
  return {.name = name,
          .help = help,
          .example = "CL",
          .needs = needs,
          .bits = 16,
          .codes = codes,
          .code_text = [](std::uint32_t code, const Look&) { return country_text(code); },
          .knowledge = Knowledge::countries};
}
constexpr Dimension network(std::string_view name, std::string_view help, Needs needs, Codes codes) {
  return {.name = name,
          .help = help,
          .example = "AS64496",
          .needs = needs,
          .bits = 32,
          .codes = codes,
          .code_text = [](std::uint32_t code, const Look&) { return network_text(code); },
          .knowledge = Knowledge::networks};
}

constexpr Dimension table[] = {
    country("client_country", "country of the one who asks, by [geography] country, or unknown", client,
            fill<of_client<&Context::countries>>),
    country("source_country", "country of the one who sent the message, or unknown", source,
            fill<of_source<&Context::countries>>),
    network("client_asn", "autonomous system of the one who asks, by [geography] asn, or unknown", client,
            fill<of_client<&Context::networks>>),
    network("source_asn", "autonomous system of the one who sent the message, or unknown", source,
            fill<of_source<&Context::networks>>),
};

}  // namespace

std::span<const Dimension> place_dimensions() { return table; }

}  // namespace rata::reduce
