#include "dns/rdata.h"

#include <algorithm>

#include "dns/codes.h"
#include "dns/name.h"
#include "dns/rdata_reader.h"
#include "util/cursor.h"
#include "util/encoding.h"

namespace rata::dns {
namespace {

/// In the class CHAOS an A record is a name and a number (RFC 1034 section 3.6), and ports are no matter of it.
bool has_layout(const Rdata& rdata) {
  constexpr std::uint16_t type_wks = 11;
  return rdata.rr_class != class_ch || (rdata.type != type_a && rdata.type != type_wks);
}

void append_generic(std::span<const std::uint8_t> octets, std::string& out) {
  out += "\\# ";
  out += std::to_string(octets.size());
  if (octets.empty()) return;
  out += ' ';
  util::append_hex(octets, out);
}

/// Octets of a field that stands beside names that may be compressed; `left`: up to the end of rdata.
std::size_t octets_of(Field field, std::span<const std::uint8_t> left) {
  switch (field) {
    case Field::u8:
      return 1;
    case Field::u16:
    case Field::type:
      return 2;
    case Field::u32:
    case Field::date:
      return 4;
    case Field::string:
      return left.empty() ? 1 : 1u + left.front();
    default:
      return std::max<std::size_t>(1, left.size());
  }
}

/// False when a field ends beyond rdata, or something is left.
bool append_expanded(const Rdata& rdata, const RdataLayout& layout, std::string& out) {
  const auto up_to_end = rdata.message.first(rdata.at + rdata.size);
  std::size_t at = rdata.at;
  for (const Field field : layout.fields) {
    if (field == Field::end) break;
    if (field == Field::name) {
      if (read_name_hex(up_to_end, at, out) != NameFault::none) return false;
      continue;
    }
    util::Cursor cursor(up_to_end.subspan(at));
    util::append_hex(cursor.take(octets_of(field, up_to_end.subspan(at))), out);
    if (!cursor.ok()) return false;
    at += cursor.position();
  }
  return at == up_to_end.size();
}

}  // namespace

void append_rdata_hex(const Rdata& rdata, std::string& out) {
  const std::size_t begin = out.size();
  const RdataLayout* layout = find_layout(rdata.type);
  if (layout != nullptr && std::ranges::find(layout->fields, Field::name) != layout->fields.end()) {
    if (append_expanded(rdata, *layout, out)) return;
    out.resize(begin);
  }
  util::append_hex(rdata.octets(), out);
}

bool append_rdata(const Rdata& rdata, std::string& out) {
  const std::size_t begin = out.size();
  if (const RdataLayout* layout = find_layout(rdata.type); layout != nullptr && has_layout(rdata)) {
    RdataReader reader(rdata, out);
    for (const Field field : layout->fields) reader.read(field);
    if (reader.complete()) return true;
    out.resize(begin);
  }
  append_generic(rdata.octets(), out);
  return false;
}

}  // namespace rata::dns
