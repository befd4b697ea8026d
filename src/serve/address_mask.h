#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "serve/access.h"

namespace rata::serve {

/// Takes from a table (docs/api.md) what a reader must not see of addresses: rows and parts that become the same are
/// one, with their sum. Views of other kinds stay as they are. Nothing: it is no JSON.
std::optional<std::string> masked_view(std::string json, Visibility visibility);

/// "192.0.2.1": "192.0.2.0/24" with Visibility::prefix, "hidden" with none; of IPv6 the /48. Likewise of a network, as
/// "192.0.2.16/28", and of each that stands in the text between other characters than those of addresses, as in
/// "192.0.2.1 A" or "[2001:db8::1]:53". Addresses are IPv4, IPv6 as RFC 4291 section 2.2 has them, and between blanks
/// the 8 or 32 hexadecimal digits of the older chain. Names stay: "192.0.2.1." is one.
std::string masked_addresses(std::string_view text, Visibility visibility);

}  // namespace rata::serve
