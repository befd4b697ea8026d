// Which files an input reads, so that nobody writes over them.

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "capture/source.h"

namespace rata::capture {
namespace {

std::optional<FileIdentity> of_file(const struct stat& info) {
  if (!S_ISREG(info.st_mode)) return std::nullopt;
  return FileIdentity{.device = info.st_dev, .number = info.st_ino};
}

std::optional<FileIdentity> identity_of_path(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 ? of_file(info) : std::nullopt;
}

/// Without the format that stands before it.
std::string place_of(const std::string& what) {
  for (const char* format : {"dnstap:", "speedy:"})
    if (what.starts_with(format)) return what.substr(std::char_traits<char>::length(format));
  return what;
}

}  // namespace

std::optional<FileIdentity> identity_of(int descriptor) {
  struct stat info{};
  return ::fstat(descriptor, &info) == 0 ? of_file(info) : std::nullopt;
}

bool reads_file(const std::string& what, const FileIdentity& file) {
  const std::string place = place_of(what);
  if (place == "-") return identity_of(STDIN_FILENO) == file;
  if (identity_of_path(place) == file) return true;
  // Not only what lies in the folder is in it: a link elsewhere may lead there.
  std::error_code fault;
  std::filesystem::directory_iterator entries(place, fault);
  for (; !fault && entries != std::filesystem::directory_iterator(); entries.increment(fault))
    if (identity_of_path(entries->path().string()) == file) return true;
  return false;
}

bool reads_folder(const std::string& what, const std::string& folder) {
  std::error_code none;
  return std::filesystem::equivalent(what, folder, none);
}

}  // namespace rata::capture
