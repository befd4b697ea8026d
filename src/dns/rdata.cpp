#include "dns/rdata.h"

#include "dns/codes.h"
#include "dns/rdata_reader.h"
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

}  // namespace

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
