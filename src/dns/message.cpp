#include "dns/message.h"

#include <array>

#include "dns/name.h"

namespace rata::dns {
namespace {

constexpr std::size_t header_octets = 12;

std::uint16_t word(std::span<const std::uint8_t> octets, std::size_t at) {
  return static_cast<std::uint16_t>(octets[at] << 8 | octets[at + 1]);
}

/// Walks the first qname. On success `end` is behind its root label, and `last` at the label before that.
Malformed skip_qname(std::span<const std::uint8_t> octets, std::size_t& end, std::size_t& last) {
  std::size_t at = header_octets, before = at;
  while (at < octets.size()) {
    const std::uint8_t length = octets[at];
    if (length > 63) return length >= 0xc0 ? Malformed::pointer_in_question : Malformed::bad_label_type;
    const std::size_t begin = at;
    at += 1u + length;
    if (at - header_octets > max_name_octets) return Malformed::name_too_long;
    if (length == 0) {
      end = at;
      last = before;
      return Malformed::none;
    }
    before = begin;
  }
  return Malformed::cut_name;
}

void read_opt(std::span<const std::uint8_t> octets, std::size_t fixed, std::size_t rdlength, Edns& edns) {
  edns.present = true;
  edns.udp_size = word(octets, fixed + 2);
  edns.extended_rcode = octets[fixed + 4];
  edns.version = octets[fixed + 5];
  edns.dnssec_ok = (octets[fixed + 6] & 0x80) != 0;
  edns.options = octets.subspan(fixed + 10, rdlength);
}

/// Walks all that follows the first question and reads the OPT record on the way. False when something cannot be read.
bool find_opt(Message& message, std::size_t at) {
  const auto octets = message.octets;
  for (unsigned i = 1; i < message.question_count; ++i) {
    if (skip_name(octets, at) != NameFault::none || at + 4 > octets.size()) return false;
    at += 4;
  }
  const unsigned before = message.answer_count + message.authority_count;
  const unsigned records = before + message.additional_count;
  for (unsigned i = 0; i < records; ++i) {
    constexpr std::size_t fixed_octets = 10;  // type, class, TTL, RDLENGTH
    if (skip_name(octets, at) != NameFault::none || at + fixed_octets > octets.size()) return false;
    const std::size_t rdlength = word(octets, at + 8);
    if (at + fixed_octets + rdlength > octets.size()) return false;
    // RFC 6891 section 6.1.1 allows one OPT, in the additional section: the first one there counts.
    if (i >= before && word(octets, at) == type_opt && !message.edns.present)
      read_opt(octets, at, rdlength, message.edns);
    at += fixed_octets + rdlength;
  }
  return true;
}

}  // namespace

std::string_view name(Malformed reason) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Malformed::count_)> names = {
      "none", "short_header", "cut_name", "bad_label_type", "pointer_in_question", "name_too_long", "cut_question"};
  return names[static_cast<std::size_t>(reason)];
}

std::string_view help(Malformed reason) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Malformed::count_)> helps = {
      "a message",
      "fewer than the 12 octets of a header",
      "the message ends inside the first question's name",
      "a label in the first question's name begins with the bits 01 or 10",
      "a compression pointer in the first question's name",
      "the first question's name has more than 255 octets",
      "the message ends before type and class of the first question do"};
  return helps[static_cast<std::size_t>(reason)];
}

Malformed parse(std::span<const std::uint8_t> octets, Message& message) noexcept {
  message = Message{};
  message.octets = octets;
  if (octets.size() < header_octets) return Malformed::short_header;
  message.id = word(octets, 0);
  message.flags = word(octets, 2);
  message.question_count = word(octets, 4);
  message.answer_count = word(octets, 6);
  message.authority_count = word(octets, 8);
  message.additional_count = word(octets, 10);
  std::size_t at = header_octets;
  if (message.question_count > 0) {
    std::size_t last = at;
    if (const Malformed reason = skip_qname(octets, at, last); reason != Malformed::none) return reason;
    if (at + 4 > octets.size()) return Malformed::cut_question;
    message.qname = octets.subspan(header_octets, at - header_octets);
    message.last_label = static_cast<std::uint8_t>(last - header_octets);
    message.qtype = word(octets, at);
    message.qclass = word(octets, at + 2);
    at += 4;
  }
  message.broken_records = !find_opt(message, at);
  return Malformed::none;
}

}  // namespace rata::dns
