#include "dns/edns_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "dns/name.h"
#include "util/address.h"
#include "util/cursor.h"
#include "util/encoding.h"

namespace rata::dns {
namespace {

using Octets = std::span<const std::uint8_t>;

/// What is wrong with an option's data; nullptr: nothing, and the text has been appended.
using Fault = const char*;
using Read = Fault (*)(Octets data, bool response, std::string& out);

auto to(std::string& out) { return std::back_inserter(out); }

void append_quoted(Octets octets, std::string& out) {
  out += '"';
  util::append_escaped(octets, out);
  out += '"';
}

/// RFC 5001: any octets; servers often put text there.
Fault nsid(Octets data, bool, std::string& out) {
  if (data.empty()) return nullptr;
  util::append_hex(data, out);
  out += ' ';
  append_quoted(data, out);
  return nullptr;
}

/// RFC 6975: algorithm numbers.
Fault algorithms(Octets data, bool, std::string& out) {
  for (std::size_t i = 0; i < data.size(); ++i) fmt::format_to(to(out), "{}{}", i == 0 ? "" : " ", data[i]);
  return nullptr;
}

/// RFC 7871 section 6. Family 0 with nothing in it is what dig +subnet=0 sends.
Fault client_subnet(Octets data, bool response, std::string& out) {
  if (data.size() < 4) return "shorter than four octets";
  util::Cursor cursor(data);
  const std::uint16_t family = cursor.u16();
  const std::uint8_t source = cursor.u8(), scope = cursor.u8();
  const unsigned most = family == 1 ? 32 : family == 2 ? 128 : 0;
  if (family > 2) return "unknown address family";
  if (source > most) return "source prefix longer than an address";
  if (scope > most) return "scope prefix longer than an address";
  if (cursor.remaining() != (source + 7u) / 8) return "not as many address octets as the source prefix needs";
  if (source % 8 != 0 && (data.back() & 0xff >> source % 8) != 0) return "bits behind the source prefix";
  if (!response && scope != 0) return "a scope in a query";
  util::Address address;
  address.v6 = family == 2;
  std::ranges::copy(cursor.rest(), address.octets.begin());
  fmt::format_to(to(out), "{}/{}/{}", family == 0 ? "0" : util::text(address), source, scope);
  return nullptr;
}

/// RFC 7314: seconds.
Fault expire(Octets data, bool, std::string& out) {
  if (data.empty()) return nullptr;
  if (data.size() != 4) return "neither empty nor four octets";
  fmt::format_to(to(out), "{} s", util::Cursor(data).u32());
  return nullptr;
}

/// RFC 7873 section 4.
Fault cookie(Octets data, bool, std::string& out) {
  constexpr std::size_t client_octets = 8, server_least = 8, server_most = 32;
  if (data.size() < client_octets) return "client cookie shorter than eight octets";
  const Octets server = data.subspan(client_octets);
  if (!server.empty() && (server.size() < server_least || server.size() > server_most))
    return "server cookie not of 8 to 32 octets";
  util::append_hex(data.first(client_octets), out);
  if (server.empty()) return nullptr;
  out += ' ';
  util::append_hex(server, out);
  return nullptr;
}

/// RFC 7828: units of 100 ms.
Fault tcp_keepalive(Octets data, bool, std::string& out) {
  if (data.empty()) return nullptr;
  if (data.size() != 2) return "neither empty nor two octets";
  const unsigned tenths = util::Cursor(data).u16();
  fmt::format_to(to(out), "{}.{} s", tenths / 10, tenths % 10);
  return nullptr;
}

/// RFC 7830: zeros, though others have to be taken.
Fault padding(Octets data, bool, std::string& out) {
  const bool zeros = std::ranges::all_of(data, [](std::uint8_t octet) { return octet == 0; });
  fmt::format_to(to(out), "{} octets{}", data.size(), zeros ? "" : ", not all zero");
  return nullptr;
}

/// RFC 7901 (CHAIN), RFC 9567 (REPORT-CHANNEL): a name without compression.
Fault whole_name(Octets data, bool, std::string& out) {
  std::size_t at = 0;
  std::string name;
  if (read_name(data, at, name, Compression::refused) != NameFault::none) return "no domain name";
  if (at != data.size()) return "octets behind the name";
  out += name;
  return nullptr;
}

/// RFC 8145 section 4.1.
Fault key_tags(Octets data, bool, std::string& out) {
  if (data.empty() || data.size() % 2 != 0) return "not two octets a key tag";
  util::Cursor cursor(data);
  for (bool first = true; cursor.remaining() > 0; first = false)
    fmt::format_to(to(out), "{}{}", first ? "" : " ", cursor.u16());
  return nullptr;
}

/// RFC 8914 section 2.
Fault extended_error(Octets data, bool, std::string& out) {
  if (data.size() < 2) return "shorter than two octets";
  util::Cursor cursor(data);
  const std::uint16_t code = cursor.u16();
  fmt::format_to(to(out), "{}", code);
  if (!ede_text(code).empty()) fmt::format_to(to(out), " ({})", ede_text(code));
  if (cursor.remaining() == 0) return nullptr;
  out += ' ';
  append_quoted(cursor.rest(), out);
  return nullptr;
}

/// RFC 9660 section 2.
Fault zone_version(Octets data, bool response, std::string& out) {
  if (data.empty()) return nullptr;
  if (!response) return "not empty in a query";
  if (data.size() < 2) return "shorter than two octets";
  constexpr std::uint8_t soa_serial = 0;
  const Octets version = data.subspan(2);
  if (data[1] == soa_serial && version.size() != 4) return "a serial number not of four octets";
  fmt::format_to(to(out), "{} labels, ", data[0]);
  if (data[1] == soa_serial) {
    fmt::format_to(to(out), "SOA-SERIAL {}", util::Cursor(version).u32());
  } else {
    fmt::format_to(to(out), "TYPE{} ", data[1]);
    util::append_hex(version, out);
  }
  return nullptr;
}

Fault hexadecimal(Octets data, bool, std::string& out) {
  util::append_hex(data, out);
  return nullptr;
}

struct Known {
  std::uint16_t code;
  std::string_view name;
  Read read;
};

// Ascending by code. Source: IANA, DNS EDNS0 Option Codes.
constexpr Known known[] = {
    {1, "LLQ", hexadecimal},
    {2, "UPDATE-LEASE", hexadecimal},
    {3, "NSID", nsid},
    {5, "DAU", algorithms},
    {6, "DHU", algorithms},
    {7, "N3U", algorithms},
    {8, "ECS", client_subnet},
    {9, "EXPIRE", expire},
    {10, "COOKIE", cookie},
    {11, "TCP-KEEPALIVE", tcp_keepalive},
    {12, "PADDING", padding},
    {13, "CHAIN", whole_name},
    {14, "KEY-TAG", key_tags},
    {option_ede, "EDE", extended_error},
    {16, "CLIENT-TAG", hexadecimal},
    {17, "SERVER-TAG", hexadecimal},
    {18, "REPORT-CHANNEL", whole_name},
    {19, "ZONEVERSION", zone_version},
};

const Known* find_known(std::uint16_t code) {
  const auto* row = std::ranges::lower_bound(known, code, {}, &Known::code);
  return row != std::end(known) && row->code == code ? row : nullptr;
}

}  // namespace

bool OptionWalk::next(EdnsOption& option) noexcept {
  if (left_.empty() || broken_) return false;
  util::Cursor cursor(left_);
  option.code = cursor.u16();
  option.data = cursor.take(cursor.u16());
  broken_ = !cursor.ok();
  if (!broken_) left_ = cursor.rest();
  return !broken_;
}

std::string edns_option_text(std::uint16_t code) {
  if (const Known* row = find_known(code)) return std::string(row->name);
  return fmt::format("OPT{}", code);
}

std::string_view ede_text(std::uint16_t info_code) {
  static constexpr std::array<std::string_view, 31> texts = {"Other",
                                                             "Unsupported DNSKEY Algorithm",
                                                             "Unsupported DS Digest Type",
                                                             "Stale Answer",
                                                             "Forged Answer",
                                                             "DNSSEC Indeterminate",
                                                             "DNSSEC Bogus",
                                                             "Signature Expired",
                                                             "Signature Not Yet Valid",
                                                             "DNSKEY Missing",
                                                             "RRSIGs Missing",
                                                             "No Zone Key Bit Set",
                                                             "NSEC Missing",
                                                             "Cached Error",
                                                             "Not Ready",
                                                             "Blocked",
                                                             "Censored",
                                                             "Filtered",
                                                             "Prohibited",
                                                             "Stale NXDOMAIN Answer",
                                                             "Not Authoritative",
                                                             "Not Supported",
                                                             "No Reachable Authority",
                                                             "Network Error",
                                                             "Invalid Data",
                                                             "Signature Expired before Valid",
                                                             "Too Early",
                                                             "Unsupported NSEC3 Iterations Value",
                                                             "Unable to conform to policy",
                                                             "Synthesized",
                                                             "Invalid Query Type"};
  return info_code < texts.size() ? texts[info_code] : "";
}

void append_option(const EdnsOption& option, bool response, std::string& out) {
  out += edns_option_text(option.code);
  const std::size_t end_of_name = out.size();
  out += ": ";
  const std::size_t begin = out.size();
  const Known* row = find_known(option.code);
  if (const Fault fault = (row != nullptr ? row->read : hexadecimal)(option.data, response, out)) {
    out.resize(begin);
    util::append_hex(option.data, out);
    if (!option.data.empty()) out += ' ';
    fmt::format_to(to(out), "({})", fault);
  }
  if (out.size() == begin) out.resize(end_of_name);  // an option without data says all by its name
}

}  // namespace rata::dns
