#include "util/domain_name.h"

namespace rata::util {
namespace {

constexpr std::size_t max_name_octets = 255;
constexpr std::size_t max_label_octets = 63;

bool is_digit(char character) { return character >= '0' && character <= '9'; }

/// What stands behind a backslash, as one octet; moves `text` behind it. False: nothing that could.
bool take_escape(std::string_view& text, std::uint8_t& octet) {
  if (text.empty()) return false;
  if (!is_digit(text[0])) {
    octet = static_cast<std::uint8_t>(text[0]);
    text.remove_prefix(1);
    return true;
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return false;
  const int number = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  octet = static_cast<std::uint8_t>(number);
  text.remove_prefix(3);
  return number <= 255;
}

/// Reads up to the label's dot, or the end.
bool append_label(std::string_view& text, std::vector<std::uint8_t>& wire) {
  const std::size_t length_at = wire.size();
  wire.push_back(0);
  while (!text.empty()) {
    auto octet = static_cast<std::uint8_t>(text[0]);
    text.remove_prefix(1);
    if (octet == '.') break;
    if (octet == '\\' && !take_escape(text, octet)) return false;
    wire.push_back(octet);
    if (wire.size() - length_at - 1 > max_label_octets) return false;
  }
  wire[length_at] = static_cast<std::uint8_t>(wire.size() - length_at - 1);
  return wire[length_at] != 0;
}

}  // namespace

bool append_wire_name(std::string_view text, std::vector<std::uint8_t>& wire) {
  const std::size_t begin = wire.size();
  if (text == ".") text = {};
  while (!text.empty())
    if (!append_label(text, wire) || wire.size() - begin >= max_name_octets) return false;
  wire.push_back(0);
  return true;
}

}  // namespace rata::util
