#include "channel/rotated_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

namespace rata::channel {
namespace {

constexpr unsigned most_in_a_second = 10'000;

std::string compact_utc(util::Time time) {
  const std::time_t seconds = time.ns / util::ns_per_second;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  return fmt::format("{:04}{:02}{:02}T{:02}{:02}{:02}Z", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec);
}

bool is_compact_utc(std::string_view text) {
  constexpr std::string_view form = "ddddddddTddddddZ";
  return std::ranges::equal(text, form, [](char character, char wanted) {
    return wanted == 'd' ? character >= '0' && character <= '9' : character == wanted;
  });
}

/// What stands between stem and ending: a time and, behind "-", a number.
std::optional<std::pair<std::string, unsigned>> parse_stamp(std::string_view text) {
  constexpr std::size_t time_size = 16;
  unsigned number = 0;
  if (!is_compact_utc(text.substr(0, time_size))) return std::nullopt;
  if (text.size() > time_size) {
    const std::string_view digits = text.substr(time_size + 1);
    const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (text[time_size] != '-' || fault != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  }
  return std::pair(std::string(text.substr(0, time_size)), number);
}

/// Moves without replacing. Returns errno, 0 when it is done.
int move_to_new(const char* from, const char* to) {
  if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;
  // A file system without that: a second name can be made only where there is none.
  if (link(from, to) != 0) return errno;
  return unlink(from) == 0 ? 0 : errno;
}

}  // namespace

RotatedFiles::RotatedFiles(const std::filesystem::path& file, const std::string& suffix) {
  const std::string given = file.filename();
  const bool has_suffix = !suffix.empty() && given.ends_with(suffix);
  const std::filesystem::path plain = has_suffix ? given.substr(0, given.size() - suffix.size()) : given;
  folder_ = file.parent_path();
  current_ = folder_ / (plain.string() + suffix);
  stem_ = plain.stem();
  ending_ = plain.extension().string() + suffix;
}

std::filesystem::path RotatedFiles::finished_name(const std::string& time, unsigned number) const {
  return folder_ / (number == 0 ? fmt::format("{}-{}{}", stem_, time, ending_)
                                : fmt::format("{}-{}-{}{}", stem_, time, number, ending_));
}

util::Result<void> RotatedFiles::finish(util::Time now) const {
  const std::string time = compact_utc(now);
  int fault = EEXIST;
  for (unsigned number = 0; fault == EEXIST && number < most_in_a_second; ++number)
    fault = move_to_new(current_.c_str(), finished_name(time, number).c_str());
  if (fault == 0) return {};
  return util::Error{fmt::format("cannot rename {} to {}: {}", current_.string(), finished_name(time, 0).string(),
                                 std::strerror(fault))};
}

std::vector<std::filesystem::path> RotatedFiles::finished_oldest_first() const {
  std::vector<std::pair<std::pair<std::string, unsigned>, std::filesystem::path>> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const std::string name = entry.path().filename();
    if (name.size() <= stem_.size() + 1 + ending_.size() || !name.starts_with(stem_ + "-") || !name.ends_with(ending_))
      continue;
    const std::size_t start = stem_.size() + 1;
    if (auto stamp = parse_stamp(std::string_view(name).substr(start, name.size() - start - ending_.size())))
      found.emplace_back(std::move(*stamp), entry.path());
  }
  std::ranges::sort(found);
  std::vector<std::filesystem::path> paths;
  for (auto& [stamp, path] : found) paths.push_back(std::move(path));
  return paths;
}

util::Result<void> RotatedFiles::prune(std::size_t keep) const {
  try {
    const auto finished = finished_oldest_first();
    for (std::size_t i = 0; i + keep < finished.size(); ++i) std::filesystem::remove(finished[i]);
  } catch (const std::filesystem::filesystem_error& fault) {
    return util::Error{fmt::format("cannot remove old files beside {}: {}", current_.string(), fault.code().message())};
  }
  return {};
}

}  // namespace rata::channel
