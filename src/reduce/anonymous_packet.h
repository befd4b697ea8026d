#pragma once

#include <string>

#include "reduce/anonymizer.h"
#include "reduce/packet.h"

namespace rata::reduce {

/// Packets for reducers that list them: with the addresses' texts, in the older form, as they may leave.
class AnonymousPacket {
 public:
  explicit AnonymousPacket(const Anonymizer& anonymizer) : anonymizer_(anonymizer) {}

  /// `packet` itself where addresses stay. Lifetime: until the next call.
  const Packet& of(const Packet& packet) {
    if (!anonymizer_.changes()) return packet;
    packet_ = packet;
    packet_.client_text = text(packet.client, packet.client_text, client_);
    packet_.server_text = text(packet.server, packet.server_text, server_);
    packet_.client = packet_.server = {};
    // Of whole messages: OPT may tell the client's network (RFC 7871).
    if (packet.message.edns.present) packet_.lacks.add(util::Member::additionals);
    return packet_;
  }

 private:
  std::string_view text(const util::Address& address, std::string_view given, std::string& into) const {
    into = given.empty() ? anonymizer_.hex_text(address) : anonymizer_.opaque_text(given);
    return into;
  }

  Anonymizer anonymizer_;
  Packet packet_;
  std::string client_, server_;
};

}  // namespace rata::reduce
