#include "serve/access.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace rata::serve {
namespace {

/// Source: RFC 6750 section 2.1, "b64token"; all of it fits a cookie as well.
bool fits_header(std::string_view token) {
  return std::ranges::all_of(token, [](char c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return letter || (c >= '0' && c <= '9') || std::string_view("-._~+/=").find(c) != std::string_view::npos;
  });
}

}  // namespace

util::Result<void> check(std::span<const Access> entries) {
  std::set<std::string_view> names, tokens;
  for (const Access& entry : entries) {
    if (!names.insert(entry.name).second)
      return util::Error{fmt::format("access \"{}\" is there twice; each needs a name of its own", entry.name)};
    if (entry.token.empty() && entry.certificate.empty())
      return util::Error{fmt::format("access \"{}\": nothing opens it; give it a token or a certificate", entry.name)};
    if (!fits_header(entry.token))
      return util::Error{fmt::format(
          "access \"{}\": its token holds other characters than letters, digits and -._~+/=, which are all that a "
          "header can carry",
          entry.name)};
    if (!entry.token.empty() && !tokens.insert(entry.token).second)
      return util::Error{fmt::format("access \"{}\": another access has the same token", entry.name)};
  }
  return {};
}

}  // namespace rata::serve
