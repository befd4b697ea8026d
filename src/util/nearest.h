#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rata::util {

/// The known word that is fewest single-letter changes away from `word`; "" when none is near.
std::string nearest(std::string_view word, std::span<const std::string> known);

}  // namespace rata::util
