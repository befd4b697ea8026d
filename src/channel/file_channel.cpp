#include "channel/file_channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <utility>

#include "channel/compressor.h"
#include "channel/lines.h"
#include "channel/rotated_files.h"

namespace rata::channel {
namespace {

constexpr std::uint64_t mib = 1u << 20;

/// Appending to a regular file, as it is at the moment.
struct OpenFile {
  int descriptor = -1;
  struct stat status{};
  bool made = false;  ///< by us, just now
};

util::Result<OpenFile> open_to_append(const std::filesystem::path& path) {
  constexpr int flags = O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC;
  constexpr mode_t mode = 0644;
  OpenFile file;
  file.descriptor = open(path.c_str(), flags | O_EXCL, mode);
  file.made = file.descriptor >= 0;
  if (!file.made) file.descriptor = open(path.c_str(), flags, mode);
  if (file.descriptor < 0 || fstat(file.descriptor, &file.status) != 0)
    return util::Error{fmt::format("cannot open {} for writing: {}", path.string(), std::strerror(errno))};
  return file;
}

/// A crash of the machine may have left half a line. False also where it cannot be read.
bool ends_inside_a_line(const std::filesystem::path& path, std::uint64_t size) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  char last = '\n';
  if (descriptor >= 0 && size > 0) static_cast<void>(pread(descriptor, &last, 1, static_cast<off_t>(size - 1)));
  if (descriptor >= 0) close(descriptor);
  return last != '\n';
}

bool rotates(const Settings& settings) {
  return settings.rotate_mib != 0 || settings.rotate_seconds != 0 || settings.compress != Compression::none;
}

/// What keeps us from making files in a folder, and from `listing` it; "": nothing.
std::string what_is_refused(const std::filesystem::path& folder, bool listing) {
  std::filesystem::path way;
  for (const auto& part : folder) {
    way /= part;
    if (faccessat(AT_FDCWD, way.c_str(), X_OK, AT_EACCESS) != 0)
      return fmt::format("may not enter {}: {}", way.string(), std::strerror(errno));
  }
  if (faccessat(AT_FDCWD, folder.c_str(), listing ? R_OK | W_OK : W_OK, AT_EACCESS) != 0)
    return fmt::format("may not{} write in {}: {}", listing ? " read and" : "", folder.string(), std::strerror(errno));
  return "";
}

/// In a sticky folder, such as /tmp, only its owner and a file's own may move the file (chmod(2)).
bool may_move(const std::filesystem::path& folder, uid_t owner) {
  struct stat status{};
  const uid_t self = geteuid();
  return stat(folder.c_str(), &status) != 0 || (status.st_mode & S_ISVTX) == 0 || status.st_uid == self ||
         owner == self;
}

class FileChannel final : public Channel {
 public:
  FileChannel(const Settings& settings, RotatedFiles files, OpenFile file, const util::Clock& clock)
      : form_(settings.form),
        rotate_octets_(settings.rotate_mib * mib),
        rotate_seconds_(settings.rotate_seconds),
        keep_(settings.keep),
        rotates_(rotates(settings)),
        compressor_(settings.compress),
        files_(std::move(files)),
        clock_(clock) {
    take(file);
  }
  ~FileChannel() override { shut(); }
  FileChannel(const FileChannel&) = delete;
  FileChannel& operator=(const FileChannel&) = delete;

  Attempt send(std::span<const summary::Summary> batch) override {
    std::string note;
    std::string octets = compressor_.compress(lines_of(batch, form_));
    if (auto ready = make_ready(octets.size(), note); !ready)
      return {Attempt::State::try_again, ready.error().message, {}};
    if (half_a_line_) octets.insert(octets.begin(), '\n');
    const Written written = write_all(descriptor_, octets);
    if (written.fault != 0) return failed(written, octets, batch.size());
    size_ += octets.size();
    half_a_line_ = false;
    return {Attempt::State::sent, note, {}};
  }

  util::Result<std::string> try_out() override {
    // A name that was made to try it goes again.
    if (made_ && size_ == 0) unlink(files_.current().c_str());
    return std::string("can be written");
  }

  /// Open it stays; but what is begun anew needs its folder.
  util::Result<std::string> try_going_on() override {
    const std::filesystem::path folder = files_.current().parent_path();
    std::string refused = what_is_refused(folder, keep_ != 0);
    if (refused.empty() && rotates_ && !may_move(folder, status_.st_uid))
      refused = fmt::format("may not move what others have made in {}, which is sticky", folder.string());
    if (refused.empty()) return std::string();
    const std::string help = "a folder that belongs to that user, such as one made with install -d -o USER, would help";
    if (rotates_)
      return util::Error{
          fmt::format("{}; a full file could not be finished and the next one begun; {}", refused, help)};
    return fmt::format("{}; when somebody moves or removes the file it cannot be begun anew; {}", refused, help);
  }

 private:
  const char* path() const { return files_.current().c_str(); }
  std::int64_t period(std::int64_t seconds) const {
    return rotate_seconds_ == 0 ? 0 : seconds / static_cast<std::int64_t>(rotate_seconds_);
  }
  std::int64_t period_now() const { return period(clock_.now().ns / util::ns_per_second); }

  void take(const OpenFile& file) {
    descriptor_ = file.descriptor;
    status_ = file.status;
    made_ = file.made;
    size_ = static_cast<std::uint64_t>(status_.st_size);
    const bool plain = compressor_.kind() == Compression::none;
    half_a_line_ = plain && ends_inside_a_line(files_.current(), size_);
    of_another_run_ = !plain && size_ > 0;
    period_ = size_ > 0 ? period(status_.st_mtim.tv_sec) : period_now();
  }

  void shut() {
    if (descriptor_ >= 0) close(descriptor_);
    descriptor_ = -1;
  }

  util::Result<void> reopen() {
    shut();
    auto file = open_to_append(files_.current());
    if (!file) return file.error();
    if (!S_ISREG(file->status.st_mode)) {
      close(file->descriptor);
      return util::Error{fmt::format("{} is no regular file any more", files_.current().string())};
    }
    take(*file);
    return {};
  }

  /// Somebody has removed or renamed it, or put another one in its place. Others may also append to it, or empty it.
  bool displaced() {
    struct stat named{};
    if (stat(path(), &named) != 0 || named.st_dev != status_.st_dev || named.st_ino != status_.st_ino) return true;
    size_ = static_cast<std::uint64_t>(named.st_size);
    return false;
  }

  util::Result<void> make_ready(std::uint64_t more, std::string& note) {
    if (descriptor_ >= 0 && cut_to_ && ftruncate(descriptor_, *cut_to_) == 0) cut_to_.reset();
    if (cut_to_) return util::Error{fmt::format("{}: half a line cannot be taken back", files_.current().string())};
    if (descriptor_ < 0 || displaced())
      if (auto opened = reopen(); !opened) return opened;
    const bool full = rotate_octets_ != 0 && size_ + more > rotate_octets_;
    if (size_ > 0 && (full || of_another_run_ || period_ != period_now())) {
      if (of_another_run_ || clock_.now() >= next_finish_) return finish(note);
      note = finish_trouble_;
    }
    if (size_ == 0) period_ = period_now();
    return {};
  }

  /// When the file cannot be moved, it goes on being written, which loses nothing. But not behind what may be half a
  /// frame.
  util::Result<void> finish(std::string& note) {
    fsync(descriptor_);
    if (auto moved = files_.finish(clock_.now()); !moved) {
      if (of_another_run_) return moved;
      // Not at every batch: each try costs a sync, and in a folder of somebody else none will do.
      constexpr std::int64_t pause_ns = 60 * util::ns_per_second;
      next_finish_ = {clock_.now().ns + pause_ns};
      note = finish_trouble_ = moved.error().message + "; it goes on being written";
      return {};
    }
    if (auto opened = reopen(); !opened) return opened;
    if (keep_ != 0)
      if (auto pruned = files_.prune(keep_); !pruned) note = pruned.error().message;
    return {};
  }

  /// A full disk leaves half a line: it is taken back, and whole lines before it are out. Compressed, the batch is one
  /// member or frame, of which a part is worth nothing: all of it is taken back.
  Attempt failed(const Written& written, std::string_view octets, std::size_t batch_size) {
    Attempt attempt{Attempt::State::try_again,
                    fmt::format("cannot write {} octets to {}: {}", octets.size() - written.octets,
                                files_.current().string(), std::strerror(written.fault)),
                    {}};
    if (written.octets == 0) return attempt;
    const bool plain = compressor_.kind() == Compression::none;
    const WholeLines whole = plain ? whole_lines(octets.substr(0, written.octets)) : WholeLines{};
    // The end of the line that an earlier run began is no summary's.
    const bool first_is_old = whole.count > 0 && std::exchange(half_a_line_, false);
    attempt.out = first_of(batch_size, whole.count - (first_is_old ? 1 : 0));
    size_ += whole.octets;
    if (ftruncate(descriptor_, static_cast<off_t>(size_)) != 0) cut_to_ = static_cast<off_t>(size_);
    return attempt;
  }

  summary::Form form_;
  std::uint64_t rotate_octets_, rotate_seconds_, keep_;
  bool rotates_;
  util::Time next_finish_{INT64_MIN};
  std::string finish_trouble_;
  Compressor compressor_;
  RotatedFiles files_;
  const util::Clock& clock_;

  int descriptor_ = -1;
  struct stat status_{};
  std::uint64_t size_ = 0;
  std::int64_t period_ = 0;  // of rotate_seconds, since 1970, that the file's lines are of
  bool made_ = false, half_a_line_ = false, of_another_run_ = false;
  std::optional<off_t> cut_to_;  // what a failed write left and could not be taken back at once
};

}  // namespace

util::Result<std::unique_ptr<Channel>> open_file_channel(const Settings& settings, const util::Clock& clock) {
  const std::string path = settings.url.substr(std::strlen("file://"));
  if (path.empty() || path[0] != '/' || path.back() == '/')
    return util::Error{
        fmt::format("channel {}: the path has to be absolute: file:///var/log/ratadns.jsonl", settings.url)};
  if (settings.keep != 0 && !rotates(settings))
    return util::Error{
        fmt::format("channel {}: keep is the number of finished files, and none is finished without "
                    "rotate_mib, rotate_seconds or compress",
                    settings.url)};
  RotatedFiles files(path, std::string(Compressor(settings.compress).suffix()));
  auto file = open_to_append(files.current());
  if (!file) return util::Error{fmt::format("channel {}: {}", settings.url, file.error().message)};
  if (S_ISREG(file->status.st_mode)) return {std::make_unique<FileChannel>(settings, std::move(files), *file, clock)};
  if (!rotates(settings)) return {make_line_channel(file->descriptor, path, settings.form)};
  close(file->descriptor);
  return util::Error{
      fmt::format("channel {}: {} is no regular file: it can be neither rotated nor compressed", settings.url, path)};
}

}  // namespace rata::channel
