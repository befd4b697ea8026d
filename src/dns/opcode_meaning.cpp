#include "dns/opcode_meaning.h"

#include <fmt/format.h>

#include <array>
#include <iterator>

#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata.h"
#include "util/cursor.h"
#include "util/encoding.h"
#include "util/rr_types.h"

namespace rata::dns {
namespace {

UpdateMeaning prerequisite(const Message& message, const Record& record) noexcept {
  const bool bare = record.ttl == 0 && record.rdata.empty();
  const bool any = record.type == type_any;
  if (record.rr_class == class_any && bare) return any ? UpdateMeaning::name_in_use : UpdateMeaning::rrset_exists;
  if (record.rr_class == class_none && bare) return any ? UpdateMeaning::name_not_in_use : UpdateMeaning::rrset_absent;
  if (record.rr_class == message.qclass && record.ttl == 0) return UpdateMeaning::rrset_exists_as_given;
  return UpdateMeaning::invalid;
}

/// AXFR, MAILB, MAILA and IXFR: types of questions, of which there are no records.
constexpr bool is_query_type(std::uint16_t type) { return type >= 251 && type < type_any; }

/// RFC 2136 section 3.4.1.3 has the same rules as what a server refuses.
UpdateMeaning change(const Message& message, const Record& record) noexcept {
  if (is_query_type(record.type)) return UpdateMeaning::invalid;
  if (record.rr_class == class_any && record.ttl == 0 && record.rdata.empty())
    return record.type == type_any ? UpdateMeaning::delete_name : UpdateMeaning::delete_rrset;
  if (record.type == type_any) return UpdateMeaning::invalid;
  if (record.rr_class == class_none && record.ttl == 0) return UpdateMeaning::delete_record;
  if (record.rr_class == message.qclass) return UpdateMeaning::add;
  return UpdateMeaning::invalid;
}

/// RFC 1996 sections 3.7 and 3.11: the answer may hold the new SOA as a hint, in the query.
void append_notify(const Message& message, std::string& out) {
  if (!message.has_question()) {
    out += "NOTIFY without a zone";
    return;
  }
  fmt::format_to(std::back_inserter(out), "NOTIFY: {} of {} ", util::rr_type_text(message.qtype),
                 name_text(message.qname));
  if (message.is_query())
    out += "may have changed";
  else if (message.rcode() == 0)
    out += "is acknowledged";
  else
    fmt::format_to(std::back_inserter(out), "is not acknowledged: {}", rcode_text(message.rcode()));
}

void append_update(const Message& message, std::string& out) {
  // RFC 2136 section 3.8: a response may leave out all sections.
  if (message.is_response() && !has_records(message)) {
    out += "UPDATE: response without its zone";
    return;
  }
  if (!message.has_question() || message.question_count != 1) {
    fmt::format_to(std::back_inserter(out), "UPDATE of {} zones: one is allowed", message.question_count);
    return;
  }
  fmt::format_to(std::back_inserter(out), "UPDATE: zone {} {}{}", name_text(message.qname), class_text(message.qclass),
                 message.qtype == type_soa ? "" : ", which must be asked for as SOA");
}

void append_dso_message(const Message& message, std::string& out) {
  if (has_records(message))
    out += "DSO with counts that are not zero";
  else if (message.is_response())
    out += "DSO response";
  else
    out += message.id == 0 ? "DSO unidirectional message" : "DSO request";
}

std::string tlv_text(std::uint16_t type) {
  switch (type) {
    case 1:
      return "KEEPALIVE";
    case 2:
      return "RETRY-DELAY";
    case 3:
      return "ENCRYPTION-PADDING";
    case 0x40:
      return "SUBSCRIBE";
    case 0x41:
      return "PUSH";
    case 0x42:
      return "UNSUBSCRIBE";
    case 0x43:
      return "RECONFIRM";
    default:
      return fmt::format("DSO{}", type);
  }
}

/// RFC 8765 section 6.2.1 and 6.5.1: the name is not compressed; RECONFIRM has rdata behind the class.
bool append_asked(const DsoTlv& tlv, std::string& out) {
  std::size_t at = 0;
  std::string name;
  if (read_name(tlv.data, at, name, Compression::refused) != NameFault::none) return false;
  util::Cursor cursor(tlv.data.subspan(at));
  const std::uint16_t type = cursor.u16(), rr_class = cursor.u16();
  if (!cursor.ok() || (tlv.type == 0x40 && cursor.remaining() > 0)) return false;
  fmt::format_to(std::back_inserter(out), "{} {} {}", name, class_text(rr_class), util::rr_type_text(type));
  if (tlv.type == 0x40) return true;
  out += ' ';
  append_rdata({tlv.data, at + 4, cursor.remaining(), type, rr_class}, out);
  return true;
}

bool append_known(const DsoTlv& tlv, std::string& out) {
  util::Cursor cursor(tlv.data);
  const auto sized = [&](std::size_t octets) { return tlv.data.size() == octets; };
  switch (tlv.type) {
    case 1: {
      const std::uint32_t inactivity = cursor.u32(), interval = cursor.u32();
      fmt::format_to(std::back_inserter(out), "inactivity timeout {} ms, keepalive interval {} ms", inactivity,
                     interval);
      return sized(8);
    }
    case 2:
      fmt::format_to(std::back_inserter(out), "{} ms", cursor.u32());
      return sized(4);
    case 3:
      fmt::format_to(std::back_inserter(out), "{} octets", tlv.data.size());
      return true;
    case 0x40:
    case 0x43:
      return append_asked(tlv, out);
    case 0x42:
      fmt::format_to(std::back_inserter(out), "of message {}", cursor.u16());
      return sized(2);
    default:
      return false;
  }
}

}  // namespace

std::string_view section_name(std::uint8_t opcode, Section section) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(Section::count_)> usual = {
      "QUESTION", "ANSWER", "AUTHORITY", "ADDITIONAL"};
  static constexpr std::array<std::string_view, usual.size()> of_update = {"ZONE", "PREREQUISITE", "UPDATE",
                                                                           "ADDITIONAL"};
  return (opcode == opcode_update ? of_update : usual)[static_cast<std::size_t>(section)];
}

std::string_view text(UpdateMeaning meaning) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(UpdateMeaning::count_)> texts = {
      "RRset exists",
      "RRset exists as given",
      "RRset does not exist",
      "name is in use",
      "name is not in use",
      "add",
      "delete RRset",
      "delete all RRsets of the name",
      "delete record",
      "no form that RFC 2136 has",
      ""};
  return texts[static_cast<std::size_t>(meaning)];
}

UpdateMeaning update_meaning(const Message& message, const Record& record) noexcept {
  if (record.section == Section::answer) return prerequisite(message, record);
  return record.section == Section::authority ? change(message, record) : UpdateMeaning::none;
}

bool has_records(const Message& message) {
  return (message.question_count | message.answer_count | message.authority_count | message.additional_count) != 0;
}

DsoWalk::DsoWalk(const Message& message) noexcept : octets_(message.octets), at_(12) {
  if (has_records(message)) at_ = octets_.size();
}

bool DsoWalk::next(DsoTlv& tlv) noexcept {
  if (broken_ || at_ >= octets_.size()) return false;
  util::Cursor cursor(octets_.subspan(at_));
  tlv.type = cursor.u16();
  tlv.data = cursor.take(cursor.u16());
  broken_ = !cursor.ok();
  if (broken_) return false;
  at_ += cursor.position();
  tlv.at = at_ - tlv.data.size();
  return true;
}

void append_dso(const DsoTlv& tlv, std::string& out) {
  out += tlv_text(tlv.type);
  if (tlv.data.empty()) return;
  out += ": ";
  const std::size_t begin = out.size();
  if (append_known(tlv, out)) return;
  out.resize(begin);
  util::append_hex(tlv.data, out);
}

void append_opcode_meaning(const Message& message, std::string& out) {
  switch (message.opcode()) {
    case opcode_iquery:
      // RFC 1035 section 6.4; made obsolete by RFC 3425.
      out += "IQUERY: the answer section holds what questions are asked for";
      return;
    case opcode_notify:
      return append_notify(message, out);
    case opcode_update:
      return append_update(message, out);
    case opcode_dso:
      return append_dso_message(message, out);
    default:
      return;
  }
}

}  // namespace rata::dns
