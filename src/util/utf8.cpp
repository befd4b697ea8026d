#include "util/utf8.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

namespace rata::util {
namespace {

/// The octets of the well-formed sequence that `text` begins with; 0: it begins with none.
std::size_t sequence_size(std::string_view text) {
  const auto octet = [&](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t first = octet(0);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                           : (first & 0xf0) == 0xe0         ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || size > text.size()) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if ((octet(i) & 0xc0) != 0x80) return 0;
  // Overlong forms, surrogates and what is beyond U+10FFFF.
  const std::uint8_t second = octet(1);
  if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f)) return 0;
  if ((first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) return 0;
  return size;
}

}  // namespace

std::string valid_utf8(std::string_view text) {
  constexpr std::string_view replacement = "\xef\xbf\xbd";
  std::string valid;
  valid.reserve(text.size());
  while (!text.empty()) {
    const std::size_t size = sequence_size(text);
    valid += size == 0 ? replacement : text.substr(0, size);
    text.remove_prefix(std::max<std::size_t>(size, 1));
  }
  return valid;
}

std::string printable(std::string_view text, std::size_t most, bool newlines) {
  std::string shown;
  for (const char character : text.substr(0, most)) {
    const auto octet = static_cast<std::uint8_t>(character);
    const bool is_control = octet < 0x20 || octet == 0x7f;
    if (newlines && character == '\n')
      shown += "\n  ";
    else if (newlines && character == ' ' && shown.ends_with("\n  "))
      continue;  // it is indented already
    else if (!is_control || character == '\t')
      shown += character;
    else
      shown += fmt::format("\\x{:02x}", octet);
  }
  if (text.size() > most) shown += fmt::format("... ({} octets more)", text.size() - most);
  return valid_utf8(shown);
}

}  // namespace rata::util
