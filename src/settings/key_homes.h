#pragma once

#include <string>
#include <string_view>

namespace rata::settings {

/// Where a key belongs that stands in `table`, which does not take it: "it belongs in [window]". Of its own table: the
/// one at hand is of a type that has no use for it. "" when no table takes it.
std::string key_home(std::string_view key, std::string_view table);

}  // namespace rata::settings
