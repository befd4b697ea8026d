#include "settings/secret.h"

#include <fmt/format.h>

#include <cstdlib>

#include "util/secret_file.h"

namespace rata::settings {

std::string read_secret(TableReader& reader, const std::string& name) {
  constexpr unsigned group_may_read = 0040;
  const std::string file_key = name + "_file", variable_key = name + "_env";
  std::string file, variable;
  reader.text(file_key.c_str(), file);
  reader.text(variable_key.c_str(), variable);
  if (!file.empty() && !variable.empty()) {
    reader.fail(*reader.find(file_key.c_str()), fmt::format("has {} and {}: one of them", file_key, variable_key));
  } else if (!file.empty()) {
    auto content = util::read_secret(file, group_may_read);
    if (content) return std::string(util::without_line_end(*content));
    reader.fail(*reader.find(file_key.c_str()), fmt::format("{} {}", file_key, content.error().message));
  } else if (!variable.empty()) {
    const char* value = std::getenv(variable.c_str());
    if (value != nullptr && *value != '\0') return value;
    reader.fail(*reader.find(variable_key.c_str()),
                fmt::format("{}: the environment has no {}", variable_key, variable));
  }
  return {};
}

}  // namespace rata::settings
