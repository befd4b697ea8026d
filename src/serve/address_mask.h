#pragma once

#include <string>
#include <string_view>

#include "serve/access.h"

namespace rata::serve {

/// "192.0.2.1": "192.0.2.0/24" with Visibility::prefix, "hidden" with none; of IPv6 the /48 (of 6to4, 2002::/16, the
/// /40, since an IPv4 address is in it). Likewise of a network, as "192.0.2.16/28", and of each that is anywhere in the
/// text, as in "192.0.2.1 A" or "UDP:[2001:db8::1]:53". Addresses are IPv4, IPv6 as RFC 4291 section 2.2 has them, and
/// the 8 or 32 hexadecimal digits of the older chain. Where a port or word before or behind leaves open what of it is
/// the address, as in "192.0.2.1.53" or "2001:db8:1:2:3:4:5:6:53", all is "hidden".
///
/// Names stay, which end in a dot: "192.0.2.1." is one. What only looks like an address goes.
std::string masked_addresses(std::string_view text, Visibility visibility);

}  // namespace rata::serve
