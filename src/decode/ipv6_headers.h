#pragma once

#include "decode/datagram.h"

namespace rata::decode {

/// Hop-by-hop options, routing, fragment, authentication, destination options. Source: IANA, IPv6 Extension Header
/// Types. ESP is not among them: what it carries cannot be read.
bool is_ipv6_extension(std::uint8_t protocol) noexcept;

/// Moves `datagram.payload` and `datagram.protocol` behind the extension headers, or behind a fragment header that
/// makes the datagram a fragment: what follows that one can only be read when all fragments are joined.
Outcome skip_ipv6_extensions(Datagram& datagram) noexcept;

inline constexpr std::uint8_t protocol_authentication = 51;

/// The same for the one of these headers that IPv4 has too: authentication (RFC 4302 section 2).
Outcome skip_authentication(Datagram& datagram) noexcept;

}  // namespace rata::decode
