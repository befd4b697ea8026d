#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rata::util {

/// A label in UTF-8 as it stands in the DNS: ASCII with its letters made lower case, anything else as "xn--" and its
/// Punycode (RFC 3492, RFC 5890 section 2.3.2.1). `label` is in the form that IDNA wants already: nothing is mapped.
/// Errors: nullopt when it is not UTF-8 or becomes longer than 63 octets.
std::optional<std::string> ascii_label(std::string_view label);

}  // namespace rata::util
