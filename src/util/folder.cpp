#include "util/folder.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace rata::util {

Result<FolderTrial> try_folder(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code fault;
  const fs::path wanted = fs::absolute(path.empty() ? "." : path, fault);
  fs::path nearest = wanted;
  while (!fs::exists(nearest, fault) && nearest != nearest.parent_path()) nearest = nearest.parent_path();
  const std::string what =
      nearest == wanted ? "" : fmt::format("{}: is not there and cannot be made, since ", wanted.string());
  if (!fs::is_directory(nearest, fault)) return Error{fmt::format("{}{} is no folder", what, nearest.string())};
  if (::access(nearest.c_str(), R_OK | W_OK | X_OK) != 0)
    return Error{fmt::format("{}{} may not be written by this user: {}", what, nearest.string(), std::strerror(errno))};
  const fs::space_info space = fs::space(nearest, fault);
  return FolderTrial{.there = nearest == wanted, .free_mib = fault ? 0 : space.available >> 20};
}

}  // namespace rata::util
