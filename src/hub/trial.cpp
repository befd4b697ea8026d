#include "hub/trial.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <utility>

#include "store/database.h"
#include "store/levels.h"
#include "store/lock_file.h"
#include "store/schema.h"
#include "util/folder.h"

namespace rata::hub {
namespace {

namespace fs = std::filesystem;

/// Looked at only: what an older version wrote is brought up to date by who opens it to write. False: that it is.
util::Result<bool> look_into(const store::Config& config, store::Levels levels) {
  if (::access(config.path.c_str(), R_OK | W_OK) != 0)
    return util::Error{fmt::format("{}: may not be written by this user: {}", config.path, std::strerror(errno))};
  auto database = store::Database::open(config.path, store::Database::Access::read_only);
  if (!database) return database.error();
  const auto is_newest = store::is_up_to_date(**database);
  if (!is_newest) return is_newest;
  if (auto loaded = levels.load(**database); !loaded) return loaded.error();
  return is_newest;
}

/// Only where the lock's file is there already: who makes it owns it.
bool is_in_use(const std::string& path) {
  std::error_code fault;
  return fs::exists(path + ".lock", fault) && !store::LockFile::take(path + ".lock");
}

}  // namespace

util::Result<std::string> try_history(const store::Config& config) {
  auto levels = store::Levels::make(config);
  if (!levels) return levels.error();
  const auto folder = util::try_folder(fs::path(config.path).parent_path().string());
  if (!folder) return folder.error();
  const std::string room =
      folder->free_mib < config.limit_mib
          ? fmt::format("; the disk has room for {} MiB of limit_mib = {}", folder->free_mib, config.limit_mib)
          : "";
  std::error_code fault;
  if (!fs::exists(config.path, fault)) return "will be made" + room;
  const auto is_newest = look_into(config, *std::move(levels));
  if (!is_newest) return is_newest.error();
  if (is_in_use(config.path)) return std::string("can be read; another process writes it, and only one may");
  return std::string(*is_newest ? "can be opened" : "is of an older version, which the start brings up to date") + room;
}

}  // namespace rata::hub
