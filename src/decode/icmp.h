#pragma once

#include "decode/datagram.h"

namespace rata::decode {

/// Whether an ICMP or ICMPv6 error quotes a datagram from or to one of `ports`. Source: RFC 792, RFC 4443.
/// Not handled: what a quoted tunnel carries.
bool quotes_port(const Datagram& datagram, const Ports& ports) noexcept;

}  // namespace rata::decode
