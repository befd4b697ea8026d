#include "channel/lines.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rata::channel {
namespace {

class LineChannel final : public Channel {
 public:
  LineChannel(int descriptor, std::string what, summary::Form form)
      : descriptor_(descriptor), what_(std::move(what)), form_(form) {
    struct stat status{};
    regular_file_ = fstat(descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  }
  ~LineChannel() override {
    if (descriptor_ != STDOUT_FILENO) close(descriptor_);
  }
  LineChannel(const LineChannel&) = delete;
  LineChannel& operator=(const LineChannel&) = delete;

  Attempt send(std::span<const summary::Summary> batch) override {
    const std::string lines = lines_of(batch, form_);
    // Standard output may be a file: then a full disk leaves half a line, which is taken back; what stands before it is
    // out.
    const off_t size_before = regular_file_ ? lseek(descriptor_, 0, SEEK_END) : 0;
    const Written written = write_all(descriptor_, lines);
    if (written.fault == 0) return {};
    Attempt attempt{Attempt::State::try_again,
                    fmt::format("cannot write {} octets to {}: {}", lines.size() - written.octets, what_,
                                std::strerror(written.fault)),
                    {}};
    const WholeLines whole =
        regular_file_ ? whole_lines(std::string_view(lines).substr(0, written.octets)) : WholeLines{};
    attempt.out = first_of(batch.size(), whole.count);
    const bool half_written = regular_file_
                                  ? ftruncate(descriptor_, size_before + static_cast<off_t>(whole.octets)) != 0
                                  : written.octets > 0;
    if (written.fault == EPIPE || half_written) attempt.state = Attempt::State::gone;
    return attempt;
  }

 private:
  int descriptor_;
  std::string what_;
  summary::Form form_;
  bool regular_file_ = false;
};

}  // namespace

std::string lines_of(std::span<const summary::Summary> batch, summary::Form form) {
  std::string lines;
  for (const summary::Summary& summary : batch) {
    lines += summary::to_json(summary, form);
    lines += '\n';
  }
  return lines;
}

Written write_all(int descriptor, std::string_view octets) {
  Written written;
  while (written.octets < octets.size()) {
    const ssize_t count = write(descriptor, octets.data() + written.octets, octets.size() - written.octets);
    if (count >= 0) {
      written.octets += static_cast<std::size_t>(count);
    } else if (errno == EAGAIN) {
      pollfd room{.fd = descriptor, .events = POLLOUT, .revents = 0};
      poll(&room, 1, -1);
    } else if (errno != EINTR) {
      written.fault = errno;
      break;
    }
  }
  return written;
}

WholeLines whole_lines(std::string_view written) {
  const std::string_view whole = written.substr(0, written.rfind('\n') + 1);
  return {.octets = whole.size(), .count = static_cast<std::size_t>(std::ranges::count(whole, '\n'))};
}

std::vector<bool> first_of(std::size_t batch, std::size_t out) {
  std::vector<bool> flags(batch, false);
  std::fill_n(flags.begin(), out, true);
  return flags;
}

std::unique_ptr<Channel> make_line_channel(int descriptor, std::string what, summary::Form form) {
  return std::make_unique<LineChannel>(descriptor, std::move(what), form);
}

}  // namespace rata::channel
