#include "channel/channel.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace rata::channel {
namespace {

/// One summary a line into a file descriptor, which it owns when it is not standard output.
class LineChannel final : public Channel {
 public:
  LineChannel(int fd, std::string what) : fd_(fd), what_(std::move(what)) {
    struct stat status{};
    regular_file_ = fstat(fd_, &status) == 0 && S_ISREG(status.st_mode);
  }
  ~LineChannel() override {
    if (fd_ != STDOUT_FILENO) close(fd_);
  }
  LineChannel(const LineChannel&) = delete;
  LineChannel& operator=(const LineChannel&) = delete;

  Attempt send(std::span<const summary::Summary> batch) override {
    std::string lines;
    for (const summary::Summary& summary : batch) {
      lines += summary::to_json(summary);
      lines += '\n';
    }
    const off_t size_before = regular_file_ ? lseek(fd_, 0, SEEK_END) : 0;
    for (std::size_t done = 0; done < lines.size();) {
      const ssize_t written = write(fd_, lines.data() + done, lines.size() - done);
      if (written >= 0) {
        done += static_cast<std::size_t>(written);
      } else if (errno == EAGAIN) {
        // Whoever shares the descriptor has made it non-blocking: the reader is slow, not gone.
        pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
        poll(&room, 1, -1);
      } else if (errno != EINTR) {
        return failed(errno, size_before, lines, done);
      }
    }
    return {};
  }

 private:
  /// A full disk leaves half a line: it is taken back, so that the batch can be sent again as a whole.
  Attempt failed(int fault, off_t size_before, const std::string& lines, std::size_t done) const {
    Attempt attempt{Attempt::State::try_again,
                    fmt::format("cannot write {} octets to {}: {}", lines.size() - done, what_, std::strerror(fault))};
    if (fault == EPIPE || (regular_file_ && ftruncate(fd_, size_before) != 0) || (!regular_file_ && done > 0))
      attempt.state = Attempt::State::gone;
    return attempt;
  }

  int fd_;
  std::string what_;
  bool regular_file_ = false;
};

class MemoryChannel final : public Channel {
 public:
  explicit MemoryChannel(Deliver deliver) : deliver_(std::move(deliver)) {}
  Attempt send(std::span<const summary::Summary> batch) override {
    deliver_(batch);
    return {};
  }

 private:
  Deliver deliver_;
};

class NullChannel final : public Channel {
 public:
  Attempt send(std::span<const summary::Summary>) override { return {}; }
};

constexpr ChannelType types[] = {
    {"stdout:", "one summary a line on standard output"},
    {"file:///PATH", "one summary a line, appended to a file"},
    {"memory:", "the aggregator in the same process (run)"},
    {"null:", "nowhere"},
};

util::Result<std::unique_ptr<Channel>> open_file(const std::string& url) {
  const std::string path = url.substr(std::strlen("file://"));
  if (path.empty() || path[0] != '/')
    return util::Error{fmt::format("channel {}: the path has to be absolute: file:///var/log/ratadns.jsonl", url)};
  const int fd = open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0)
    return util::Error{fmt::format("channel {}: cannot open {} for writing: {}", url, path, std::strerror(errno))};
  return {std::make_unique<LineChannel>(fd, path)};
}

}  // namespace

std::span<const ChannelType> channel_types() { return types; }

util::Result<std::unique_ptr<Channel>> open_channel(const std::string& url, const Deliver& deliver) {
  if (url == "stdout:") return {std::make_unique<LineChannel>(STDOUT_FILENO, "standard output")};
  if (url.starts_with("file://")) return open_file(url);
  if (url == "null:") return {std::make_unique<NullChannel>()};
  if (url == "memory:") {
    if (!deliver)
      return util::Error{"channel memory: leads to the aggregator of the same process, which only `ratadns run` has"};
    return {std::make_unique<MemoryChannel>(deliver)};
  }
  std::string known;
  for (const ChannelType& type : types) known += fmt::format("{}{}", known.empty() ? "" : ", ", type.scheme);
  return util::Error{fmt::format("channel {}: no such kind of channel; there are: {}", url, known)};
}

}  // namespace rata::channel
