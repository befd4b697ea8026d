#include "settings/toml_file.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace rata::settings {

util::Result<toml::table> parse_toml(const std::string& path) {
  if (std::error_code fault; std::filesystem::is_directory(path, fault))
    return util::Error{fmt::format("{}: is a folder, not a configuration file", path)};
  if (std::ifstream file(path); !file)
    return util::Error{fmt::format("{}: cannot be read: {}", path, std::strerror(errno))};
  try {
    return toml::parse_file(path);
  } catch (const toml::parse_error& fault) {
    return util::Error{fmt::format("{}:{}: {}", path, fault.source().begin.line, fault.description())};
  }
}

}  // namespace rata::settings
