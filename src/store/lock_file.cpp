#include "store/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace rata::store {

namespace {

constexpr mode_t mode = 0640;

util::Error not_made(const std::string& path) {
  return {fmt::format("{}: cannot be made: {}; its folder must be there, and this user may write it", path,
                      std::strerror(errno))};
}

}  // namespace

util::Result<void> make_private_file(const std::string& path) {
  const int descriptor = open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
  if (descriptor < 0 && errno != EEXIST) return not_made(path);
  if (descriptor >= 0) close(descriptor);
  return {};
}

util::Result<LockFile> LockFile::take(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, mode);
  if (descriptor < 0) return not_made(path);
  LockFile lock(descriptor);
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0)
    return util::Error{fmt::format("{}: {}; end the other process or name another file", path,
                                   errno == EWOULDBLOCK ? "is held by another process" : std::strerror(errno))};
  return lock;
}

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile::~LockFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

util::Result<void> sync_folder_of(const std::string& path) {
  std::filesystem::path folder = std::filesystem::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const int fault = descriptor < 0 || fsync(descriptor) != 0 ? errno : 0;
  if (descriptor >= 0) close(descriptor);
  if (fault == 0) return {};
  return util::Error{fmt::format("{}: cannot be synchronised to the disk: {}", folder.string(), std::strerror(fault))};
}

}  // namespace rata::store
