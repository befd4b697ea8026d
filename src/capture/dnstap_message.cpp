#include "capture/dnstap_message.h"

#include <array>

#include "capture/protobuf.h"

namespace rata::capture {
namespace {

using util::Member;
using Octets = std::span<const std::uint8_t>;
using Kind = ProtobufField::Kind;

constexpr std::uint64_t type_message = 1;  // of Dnstap.type
/// Message types come in pairs, a query and then its response: AUTH is 1 and 2, UPDATE 13 and 14.
constexpr std::uint64_t last_message_type = 14;

/// Seconds as captures have them. What lies beyond is damage, and no moment that windows could be counted to.
constexpr std::uint64_t last_second = UINT32_MAX;

/// A DNS message has 16 bits for its length on every transport (RFC 1035 section 4.2).
constexpr std::size_t max_message_octets = UINT16_MAX;

/// One of the two messages that a frame may carry, and the party that sent it.
struct Side {
  std::optional<Octets> message, address;
  std::optional<std::uint64_t> port, seconds;
  std::uint64_t nanoseconds = 0;
};

struct Fields {
  std::uint64_t type = 0;
  std::optional<std::uint64_t> protocol;
  Side query, response;
};

/// The numbers of dnstap.proto's message Message. Those of a kind that does not fit, and unknown ones, are passed over
/// as protobuf asks; of repeated ones the last counts.
void take(const ProtobufField& field, Fields& into) {
  const bool number = field.kind == Kind::number;
  switch (field.id) {
    case 1:
      if (number) into.type = field.number;
      return;
    case 3:
      if (number) into.protocol = field.number;
      return;
    case 4:
      if (!number) into.query.address = field.octets;
      return;
    case 5:
      if (!number) into.response.address = field.octets;
      return;
    case 6:
      if (number) into.query.port = field.number;
      return;
    case 7:
      if (number) into.response.port = field.number;
      return;
    case 8:
      if (number) into.query.seconds = field.number;
      return;
    case 9:
      if (number) into.query.nanoseconds = field.number;
      return;
    case 10:
      if (!number) into.query.message = field.octets;
      return;
    case 12:
      if (number) into.response.seconds = field.number;
      return;
    case 13:
      if (number) into.response.nanoseconds = field.number;
      return;
    case 14:
      if (!number) into.response.message = field.octets;
      return;
    default:
      return;
  }
}

/// The address's own length tells its family: socket_family adds nothing, and is often left out.
bool read_address(const std::optional<Octets>& octets, util::Address& into) {
  if (!octets || (octets->size() != 4 && octets->size() != 16)) return false;
  into = util::Address::from(*octets);
  return true;
}

bool read_port(const std::optional<std::uint64_t>& number, std::uint16_t& into) {
  if (!number || *number > UINT16_MAX) return false;
  into = static_cast<std::uint16_t>(*number);
  return true;
}

bool read_transport(const std::optional<std::uint64_t>& protocol, util::Transport& into) {
  using enum util::Transport;
  constexpr std::array known = {udp, tcp, dot, doh, dnscrypt_udp, dnscrypt_tcp, doq};  // SocketProtocol from 1 on
  if (!protocol || *protocol == 0 || *protocol > known.size()) return false;
  into = known[*protocol - 1];
  return true;
}

std::optional<util::Time> read_time(const Side& side) {
  if (!side.seconds || *side.seconds > last_second || side.nanoseconds > UINT32_MAX) return std::nullopt;
  return util::Time{static_cast<std::int64_t>(*side.seconds) * util::ns_per_second +
                    static_cast<std::int64_t>(side.nanoseconds)};
}

void describe(const Fields& fields, const Side& sender, const Side& receiver, DnstapMessage& found) {
  Envelope& envelope = found.envelope;
  if (!read_address(sender.address, envelope.source)) envelope.lacks.add(Member::source);
  if (!read_address(receiver.address, envelope.destination)) envelope.lacks.add(Member::dest);
  const bool from = read_port(sender.port, envelope.source_port);
  const bool to = read_port(receiver.port, envelope.destination_port);
  if (!from || !to) envelope.lacks.add(Member::ports);
  if (!read_transport(fields.protocol, envelope.transport)) envelope.lacks.add(Member::transport);
  found.time = read_time(sender);
  if (!found.time) envelope.lacks.add(Member::time);
  if (!sender.message)
    envelope.content = Envelope::Content::none;
  else if (sender.message->size() > max_message_octets)
    envelope.content = Envelope::Content::unreadable;
  else
    found.octets = *sender.message;
}

void read_message(Octets octets, DnstapMessage& found) {
  Fields fields;
  ProtobufReader reader(octets);
  for (ProtobufField field; reader.next(field);) take(field, fields);
  if (!reader.ok() || fields.type == 0)
    found.envelope.content = Envelope::Content::unreadable;  // the type is the one field that has to be there
  else if (fields.type > last_message_type)
    found.envelope.content = Envelope::Content::none;  // of a later dnstap: nobody knows which message it is about
  else if (fields.type % 2 == 1)
    describe(fields, fields.query, fields.response, found);
  else
    describe(fields, fields.response, fields.query, found);
}

}  // namespace

DnstapMessage read_dnstap(std::span<const std::uint8_t> frame) noexcept {
  DnstapMessage found;
  std::optional<Octets> message;
  std::uint64_t type = 0;
  ProtobufReader reader(frame);
  for (ProtobufField field; reader.next(field);) {
    if (field.id == 14 && field.kind == Kind::octets) message = field.octets;
    if (field.id == 15 && field.kind == Kind::number) type = field.number;
  }
  if (!reader.ok() || type == 0)
    found.envelope.content = Envelope::Content::unreadable;
  else if (type != type_message || !message)
    found.envelope.content = Envelope::Content::none;
  else
    read_message(*message, found);
  return found;
}

}  // namespace rata::capture
