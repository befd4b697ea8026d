#pragma once

#include <string>
#include <string_view>

#include "util/result.h"

namespace rata::reduce {

/// Takes the next line off `text`, without its end and the blanks around it, CR among them.
inline std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  constexpr std::string_view blanks = " \t\r\v\f";
  const std::size_t first = line.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(blanks) + 1 - first);
}

/// The content of a list. Errors: why it cannot be read, or that it is larger than any such list.
util::Result<std::string> read_list_file(const std::string& path);

}  // namespace rata::reduce
