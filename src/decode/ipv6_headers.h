#pragma once

#include "decode/datagram.h"

namespace rata::decode {

/// Hop-by-hop options, routing, fragment, authentication, destination options. Source: IANA, IPv6 Extension Header
/// Types. ESP is not among them: what it carries cannot be read.
bool is_ipv6_extension(std::uint8_t protocol) noexcept;

/// Moves `datagram.payload` and `datagram.protocol` behind the extension headers, or behind a fragment header that
/// makes the datagram a fragment: what follows that one can only be read when all fragments are joined.
Outcome skip_ipv6_extensions(Datagram& datagram) noexcept;

}  // namespace rata::decode
