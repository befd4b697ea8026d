#include "reduce/text_lines.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace rata::reduce {

util::Result<std::string> read_list_file(const std::string& path) {
  constexpr std::size_t most_octets = 16u << 20;  // the public-suffix list has 0.3 MB
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return util::Error{fmt::format("{}: is a folder; a text file is wanted", path)};
  std::ifstream file(path, std::ios::binary);
  if (!file) return util::Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
  std::string text(most_octets + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) return util::Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > most_octets)
    return util::Error{fmt::format("{}: is larger than {} MiB; no such list is", path, most_octets >> 20)};
  return text;
}

}  // namespace rata::reduce
