#pragma once

#include <string>
#include <string_view>

#include "serve/access.h"

namespace rata::serve {

/// Takes from a JSON text what a reader must not see of addresses: of every string in it, key or value, that is an
/// address (IPv4, IPv6 as RFC 4291 section 2.2 has them, or the 8 or 32 hexadecimal digits of the older chain), what
/// `masked_address` leaves of it. Keys that become the same stay side by side, so an object may have one twice.
/// Errors: none; what is no JSON is not made one.
void mask_addresses(std::string& json, Visibility visibility);

/// "192.0.2.1": "192.0.2.0/24" with Visibility::prefix, "hidden" with none; of IPv6 the /48. Likewise of a network, as
/// "192.0.2.16/28". A text that is neither stays as it is.
std::string masked_address(std::string_view text, Visibility visibility);

}  // namespace rata::serve
