#pragma once

#include <span>
#include <string>
#include <string_view>

namespace rata::util {

/// The known word that is fewest single-letter changes away from `word`; "" when none is near. Upper or lower case is
/// no change.
std::string nearest(std::string_view word, std::span<const std::string> known);

/// What is said of a word that nothing has: there is no KIND "word"; did you mean "ward"? There are: ward, wind
std::string no_such(std::string_view kind, std::string_view word, std::span<const std::string> known);

}  // namespace rata::util
