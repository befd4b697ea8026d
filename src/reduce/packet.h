#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "dns/message.h"
#include "util/address.h"
#include "util/hash.h"
#include "util/members.h"
#include "util/time.h"
#include "util/transport.h"

namespace rata::reduce {

/// A DNS message with who, when and over what. Facts that several reducers need are computed once and kept here.
/// Lifetime: until `add` returns.
struct Packet {
  dns::Message message;
  util::Address client, server;  ///< who sent the query and who responds, whichever way this message went
  util::Time time;
  std::uint64_t ordinal = 0;  ///< of its frame: where it stands in the input
  /// The frame at work when its shard handed it over: never less than that of the shard's packet before. What lay in a
  /// TCP stream behind a gap has an older `ordinal`.
  std::uint64_t turn = 0;
  std::uint16_t client_port = 0, server_port = 0;
  util::Transport transport = util::Transport::udp;
  util::MemberSet lacks;  ///< what the source did not say; those fields have their defaults

  /// Addresses that came as some other text (made anonymous), as it came; empty: `client` and `server` are addresses.
  std::string_view client_text, server_text;

  std::span<const std::uint8_t> qname;  ///< wire form, lower case; empty: no question, or nobody asked

  /// From the query to its response, of the packet that completes a pair; -1: it does not, or nobody asked.
  std::int64_t response_ns = -1;
};

/// The top-level domain of the question, lower case in wire form: of the root the root; empty: as `qname`.
inline std::span<const std::uint8_t> tld_of(const Packet& packet) noexcept {
  return packet.qname.empty() ? packet.qname : packet.qname.subspan(packet.message.last_label);
}

// Keyed per process, for tables only.
inline std::uint64_t name_hash_of(const Packet& packet) noexcept { return util::table_hash(packet.qname); }
inline std::uint64_t text_hash_of(std::string_view text) noexcept {
  return util::table_hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}
/// Of the address, or of the text that came in its place.
inline std::uint64_t client_hash_of(const Packet& packet) noexcept {
  if (packet.client_text.empty()) [[likely]]
    return util::table_hash(packet.client.bytes());
  return text_hash_of(packet.client_text);
}

}  // namespace rata::reduce
