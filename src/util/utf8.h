#pragma once

#include <string>
#include <string_view>

namespace rata::util {

/// The text with each octet that is in no well-formed sequence of UTF-8 (RFC 3629 section 4) replaced by U+FFFD.
std::string valid_utf8(std::string_view text);

/// The text with control characters as \xHH, so that it is one line and moves no cursor. `newlines`: these may stay,
/// and what follows one is indented, so that it looks like no line of somebody else's.
/// What is longer than `most` octets is cut, and says so.
std::string printable(std::string_view text, std::size_t most, bool newlines = false);

}  // namespace rata::util
