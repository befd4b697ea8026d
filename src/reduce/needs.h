#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "reduce/packet.h"

namespace rata::reduce {

/// What has to be known of a packet for something to be said about it.
struct Needs {
  util::MemberSet members;
  bool client = false, server = false;  ///< the address of that party; which member it is in, the QR bit tells
  bool either_party = false;            ///< the address of one of them, whichever
};

/// The first of `needs` that `packet` lacks. A message without question lacks `queries`, whichever way it came: an
/// empty question list is absent information.
inline std::optional<util::Member> missing(const Packet& packet, const Needs& needs) {
  using util::Member;
  if (packet.lacks.empty() && packet.message.has_question()) [[likely]]
    return std::nullopt;
  util::MemberSet wanted = needs.members;
  if (needs.client || needs.server) {
    const bool response = packet.message.is_response();
    wanted.add(Member::flags);
    if (needs.client) wanted.add(response ? Member::dest : Member::source);
    if (needs.server) wanted.add(response ? Member::source : Member::dest);
  }
  // One message goes between addresses of one version: source and dest tell the same.
  if (needs.either_party && packet.lacks.has(Member::dest)) wanted.add(Member::source);
  util::MemberSet lacks = packet.lacks;
  if (!packet.message.has_question()) lacks.add(Member::queries);
  // Without flags nobody knows which party the other members are of: that is told first.
  if (wanted.has(Member::flags) && lacks.has(Member::flags)) return Member::flags;
  const util::MemberSet both = wanted & lacks;
  for (std::size_t i = 0; i < static_cast<std::size_t>(Member::count_); ++i)
    if (const auto member = static_cast<Member>(i); both.has(member)) return member;
  return std::nullopt;
}

/// Whether the message came over IPv6. `packet` has one of its addresses (`Needs::either_party`).
inline bool over_ipv6(const Packet& packet) {
  using util::Member;
  const bool knows_client = !packet.lacks.has(packet.message.is_response() ? Member::dest : Member::source);
  return (knows_client ? packet.client : packet.server).v6;
}

}  // namespace rata::reduce
