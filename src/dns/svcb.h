#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace rata::dns {

/// Appends the SvcParams of an SVCB or HTTPS record, with blanks between. Errors: false when their keys do not ascend,
/// or a value is not what its key says. Source: RFC 9460 sections 2 and 7, RFC 9461 (dohpath), RFC 9540 (ohttp).
bool append_service_params(std::span<const std::uint8_t> octets, std::string& out);

}  // namespace rata::dns
