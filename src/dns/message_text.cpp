#include "dns/message_text.h"

#include <fmt/format.h>

#include <iterator>

#include "dns/edns_options.h"
#include "dns/name.h"
#include "dns/opcode_meaning.h"
#include "dns/rdata.h"
#include "dns/rdata_layout.h"
#include "dns/records.h"
#include "dns/response_kind.h"
#include "util/rr_types.h"

namespace rata::dns {
namespace {

auto to(std::string& out) { return std::back_inserter(out); }

struct Bit {
  std::uint16_t mask;
  const char* name;
};

/// " aa rd", in the order of the wire.
template <std::size_t count>
void append_flags(std::uint16_t flags, const Bit (&bits)[count], std::string& out) {
  bool any = false;
  for (const Bit& bit : bits) {
    if ((flags & bit.mask) == 0) continue;
    out += ' ';
    out += bit.name;
    any = true;
  }
  if (!any) out += " none";
}

void append_header(const Message& message, util::MemberSet lacks, std::string& out) {
  static constexpr Bit bits[] = {{0x0400, "aa"}, {0x0200, "tc"}, {0x0100, "rd"}, {0x0080, "ra"},
                                 {0x0040, "z"},  {0x0020, "ad"}, {0x0010, "cd"}};
  out += "  id ";
  out += lacks.has(util::Member::id) ? "-" : std::to_string(message.id);
  if (lacks.has(util::Member::flags)) {
    out += ", flags -";
  } else {
    fmt::format_to(to(out), ", {} {}, {}, flags", opcode_text(message.opcode()),
                   message.is_query() ? "query" : "response", rcode_text(message.rcode()));
    append_flags(message.flags, bits, out);
  }
  fmt::format_to(to(out), ", counts {} {} {} {}\n", message.question_count, message.answer_count,
                 message.authority_count, message.additional_count);
}

void append_owner(const Message& message, const Record& record, std::string& out) {
  const std::size_t begin = out.size();
  std::size_t at = record.owner_at;
  const NameFault fault = read_name(message.octets, at, out);
  if (fault == NameFault::none) return;
  out.resize(begin);
  fmt::format_to(to(out), "(name {})", text(fault));
}

/// An OPT record has its own meaning of class and TTL (RFC 6891 section 6.1.3).
void append_opt(const Message& message, const Record& record, std::string& out) {
  static constexpr Bit bits[] = {{0x8000, "do"}, {0x4000, "co"}};  // RFC 3225; RFC 9824 section 5.1
  const unsigned version = record.ttl >> 16 & 0xff;
  const auto flags = static_cast<std::uint16_t>(record.ttl);
  fmt::format_to(to(out), " OPT version {}, udp {}, extended rcode {}, flags", version, record.rr_class,
                 record.ttl >> 24);
  append_flags(flags, bits, out);
  if ((flags & 0x3fff) != 0) fmt::format_to(to(out), " 0x{:04x}", flags & 0x3fff);
  out += '\n';
  // Of another version nothing behind the fixed part is known.
  if (version != 0) return;
  OptionWalk walk(record.rdata);
  EdnsOption option;
  while (walk.next(option)) {
    out += "      ";
    append_option(option, message.is_response(), out);
    out += '\n';
  }
  if (walk.broken()) fmt::format_to(to(out), "      broken: {} octets that are no option\n", walk.octets_left());
}

void append_remarks(const Message& message, const Record& record, bool readable, std::string& out) {
  if (message.opcode() == opcode_update) {
    const UpdateMeaning meaning = update_meaning(message, record);
    if (meaning != UpdateMeaning::none) fmt::format_to(to(out), " ; {}", text(meaning));
    // RFC 2136 uses records without rdata, of any type.
    if (record.rdata.empty() && meaning != UpdateMeaning::none) return;
  }
  if (!readable && find_layout(record.type) != nullptr)
    fmt::format_to(to(out), " ; is no {}", util::rr_type_text(record.type));
}

void append_record(const Message& message, const Record& record, std::string& out) {
  out += "    ";
  append_owner(message, record, out);
  if (record.section == Section::question) {
    fmt::format_to(to(out), " {} {}\n", class_text(record.rr_class), util::rr_type_text(record.type));
    return;
  }
  if (record.type == type_opt) return append_opt(message, record, out);
  fmt::format_to(to(out), " {} {} {} ", record.ttl, class_text(record.rr_class), util::rr_type_text(record.type));
  const bool readable =
      append_rdata({message.octets, record.rdata_at, record.rdata.size(), record.type, record.rr_class}, out);
  append_remarks(message, record, readable, out);
  out += '\n';
}

void append_end(const Message& message, std::size_t position, std::string& out) {
  if (position < message.octets.size())
    fmt::format_to(to(out), "  {} octets behind the message\n", message.octets.size() - position);
}

void append_records(const Message& message, std::string& out) {
  RecordWalk walk(message);
  Record record;
  while (walk.next(record)) {
    if (record.index == 0) fmt::format_to(to(out), "  {}\n", section_name(message.opcode(), record.section));
    append_record(message, record, out);
  }
  if (walk.fault() == RecordFault::none) return append_end(message, walk.position(), out);
  fmt::format_to(to(out), "  broken: {} record {} at octet {}: {}\n", section_name(message.opcode(), walk.section()),
                 walk.index() + 1, walk.position(), text(walk.fault()));
}

void append_tlvs(const Message& message, std::string& out) {
  DsoWalk walk(message);
  DsoTlv tlv;
  while (walk.next(tlv)) {
    out += "    ";
    append_dso(tlv, out);
    out += '\n';
  }
  if (walk.broken()) fmt::format_to(to(out), "  broken: TLV at octet {}: ends beyond the message\n", walk.position());
}

}  // namespace

void append_message(const Message& message, util::MemberSet lacks, std::string& out) {
  append_header(message, lacks, out);
  const std::size_t begin = out.size();
  out += "  ";
  append_opcode_meaning(message, out);
  if (out.size() == begin + 2)
    out.resize(begin);
  else
    out += '\n';
  if (message.opcode() == opcode_dso && !has_records(message))
    append_tlvs(message, out);
  else
    append_records(message, out);
  using enum util::Member;
  if (!(lacks & util::MemberSet{flags, queries, answers, authorities}).empty()) return;
  if (const auto kind = response_kind(message)) fmt::format_to(to(out), "  kind: {}\n", name(*kind));
}

}  // namespace rata::dns
