#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rata::util {

/// "AAAA"; a code that IANA has not named prints as "TYPE65280" (RFC 3597 section 5), 255 as "ANY".
/// Source: IANA, Domain Name System (DNS) Parameters, Resource Record (RR) TYPEs.
std::string rr_type_text(std::uint16_t code);

/// IANA has given the code a mnemonic; codes for private use have none.
bool rr_type_is_assigned(std::uint16_t code) noexcept;

/// Reads what `rr_type_text` writes, in either case, and TYPEnnn for every code. Errors: nullopt for any other text.
std::optional<std::uint16_t> rr_type_from_text(std::string_view text);

}  // namespace rata::util
