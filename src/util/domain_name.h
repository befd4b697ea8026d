#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace rata::util {

/// Appends the wire form of a name in presentation form (RFC 1035 section 5.1): `\DDD` and `\X` stand for octets, the
/// final dot may be left out, "" and "." are the root. Errors: false when it is no name (an empty label, one of over 63
/// octets, over 255 in all, a bad escape); `wire` may then hold a part of it.
bool append_wire_name(std::string_view text, std::vector<std::uint8_t>& wire);

}  // namespace rata::util
