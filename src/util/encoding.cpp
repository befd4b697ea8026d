#include "util/encoding.h"

#include <string_view>

namespace rata::util {
namespace {

/// Each `bits` bits of the octets as a letter of the alphabet, the last ones filled up with zeros.
template <unsigned bits>
void append_letters(std::span<const std::uint8_t> octets, std::string_view alphabet, std::string& out) {
  unsigned held = 0, value = 0;
  for (const std::uint8_t octet : octets) {
    value = (value << 8 | octet) & 0xffff;
    held += 8;
    for (; held >= bits; held -= bits) out += alphabet[value >> (held - bits) & ((1u << bits) - 1)];
  }
  if (held > 0) out += alphabet[value << (bits - held) & ((1u << bits) - 1)];
}

}  // namespace

void append_hex(std::span<const std::uint8_t> octets, std::string& out) {
  static constexpr char digits[] = "0123456789abcdef";
  const std::size_t begin = out.size();
  out.resize(begin + octets.size() * 2);
  char* to = out.data() + begin;
  for (const std::uint8_t octet : octets) {
    *to++ = digits[octet >> 4];
    *to++ = digits[octet & 15];
  }
}

void append_base64(std::span<const std::uint8_t> octets, std::string& out) {
  append_letters<6>(octets, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", out);
  out.append((3 - octets.size() % 3) % 3, '=');
}

void append_base32hex(std::span<const std::uint8_t> octets, std::string& out) {
  append_letters<5>(octets, "0123456789ABCDEFGHIJKLMNOPQRSTUV", out);
}

void append_escaped(std::span<const std::uint8_t> octets, std::string& out) {
  for (const std::uint8_t octet : octets) {
    if (octet < ' ' || octet > '~') {
      out += '\\';
      out += static_cast<char>('0' + octet / 100);
      out += static_cast<char>('0' + octet / 10 % 10);
      out += static_cast<char>('0' + octet % 10);
      continue;
    }
    if (octet == '"' || octet == '\\') out += '\\';
    out += static_cast<char>(octet);
  }
}

}  // namespace rata::util
