#include "dns/svcb.h"

#include <fmt/format.h>

#include <array>
#include <iterator>
#include <string_view>

#include "util/address.h"
#include "util/cursor.h"
#include "util/encoding.h"

namespace rata::dns {
namespace {

using Octets = std::span<const std::uint8_t>;

/// Appends a value and says whether it is one.
using Append = bool (*)(Octets value, std::string& out);

struct Param {
  std::string_view name;
  Append append;  ///< nullptr: has no value
};

const Param* find_param(std::uint16_t key);

void append_key(std::uint16_t key, std::string& out) {
  if (const Param* param = find_param(key))
    out += param->name;
  else
    fmt::format_to(std::back_inserter(out), "key{}", key);
}

/// Values of `size` octets each, at least one, with commas between.
template <typename Each>
bool append_list(Octets value, std::size_t size, std::string& out, Each each) {
  if (value.empty() || value.size() % size != 0) return false;
  for (std::size_t at = 0; at < value.size(); at += size) {
    if (at != 0) out += ',';
    each(value.subspan(at, size));
  }
  return true;
}

std::uint16_t number(Octets octets) { return util::big_endian<std::uint16_t>(octets.data()); }

bool append_mandatory(Octets value, std::string& out) {
  int before = 0;  // key 0 is "mandatory" itself, which must not be in its list
  bool ascending = true;
  return append_list(value, 2, out,
                     [&](Octets key) {
                       ascending &= number(key) > before;
                       before = number(key);
                       append_key(number(key), out);
                     }) &&
         ascending;
}

/// A comma or backslash inside an identifier is escaped twice: for the list, then for the text (RFC 9460 section A.1).
bool append_alpn(Octets value, std::string& out) {
  std::string list;
  util::Cursor cursor(value);
  while (cursor.remaining() > 0) {
    const Octets id = cursor.take(cursor.u8());
    if (id.empty()) return false;
    if (!list.empty()) list += ',';
    for (const std::uint8_t octet : id) {
      if (octet == ',' || octet == '\\') list += '\\';
      list += static_cast<char>(octet);
    }
  }
  if (list.empty()) return false;
  out += '"';
  for (const char letter : list) {
    const auto octet = static_cast<std::uint8_t>(letter);
    util::append_escaped({&octet, 1}, out);
  }
  out += '"';
  return true;
}

bool append_port(Octets value, std::string& out) {
  if (value.size() != 2) return false;
  out += std::to_string(number(value));
  return true;
}

template <std::size_t octets>
bool append_addresses(Octets value, std::string& out) {
  return append_list(value, octets, out, [&](Octets one) { out += util::text(util::Address::from(one)); });
}

bool append_ech(Octets value, std::string& out) {
  util::append_base64(value, out);
  return !value.empty();
}

bool append_text(Octets value, std::string& out) {
  out += '"';
  util::append_escaped(value, out);
  out += '"';
  return true;
}

bool append_groups(Octets value, std::string& out) {
  return append_list(value, 2, out, [&](Octets group) { out += std::to_string(number(group)); });
}

const Param* find_param(std::uint16_t key) {
  static constexpr std::array<Param, 10> params = {{{"mandatory", append_mandatory},
                                                    {"alpn", append_alpn},
                                                    {"no-default-alpn", nullptr},
                                                    {"port", append_port},
                                                    {"ipv4hint", append_addresses<4>},
                                                    {"ech", append_ech},
                                                    {"ipv6hint", append_addresses<16>},
                                                    {"dohpath", append_text},
                                                    {"ohttp", nullptr},
                                                    {"tls-supported-groups", append_groups}}};
  return key < params.size() ? &params[key] : nullptr;
}

bool append_param(std::uint16_t key, Octets value, std::string& out) {
  append_key(key, out);
  const Param* param = find_param(key);
  if (param != nullptr && param->append == nullptr) return value.empty();
  if (param == nullptr && value.empty()) return true;
  out += '=';
  return (param == nullptr ? append_text : param->append)(value, out);
}

}  // namespace

bool append_service_params(std::span<const std::uint8_t> octets, std::string& out) {
  util::Cursor cursor(octets);
  int before = -1;
  while (cursor.remaining() > 0) {
    const std::uint16_t key = cursor.u16();
    const Octets value = cursor.take(cursor.u16());
    if (!cursor.ok() || key <= before) return false;
    if (before >= 0) out += ' ';
    before = key;
    if (!append_param(key, value, out)) return false;
  }
  return cursor.ok();
}

}  // namespace rata::dns
