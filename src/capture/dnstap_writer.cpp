#include "capture/dnstap_writer.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

namespace rata::capture {
namespace {

/// Hundreds of usual messages; a frame that is larger makes its own room.
constexpr std::size_t usual_octets = 128 * 1024;
/// To begin with a START frame, and to go after a STOP frame.
constexpr std::chrono::seconds patience{10};

}  // namespace

DnstapWriter::DnstapWriter(Descriptor connection, std::uint64_t number)
    : connection_(std::move(connection)), number_(number), octets_(usual_octets) {}

void DnstapWriter::receive() {
  if (at_ > 0) std::memmove(octets_.data(), octets_.data() + at_, filled_ - at_);
  filled_ -= at_;
  at_ = 0;
  if (octets_.size() < streams_.wanted()) octets_.resize(streams_.wanted());
  const ssize_t got = ::recv(connection_.number(), octets_.data() + filled_, octets_.size() - filled_, 0);
  if (got > 0)
    filled_ += static_cast<std::size_t>(got);
  else if (got == 0)
    closed();
  else if (errno != EAGAIN && errno != EINTR)
    fail(fmt::format("reading failed: {}", std::strerror(errno)));
}

void DnstapWriter::take_frames(DnstapBatch& batch) {
  while (!ended_ && !batch.full()) {
    const FrameStreams::Found found = streams_.next({octets_.data() + at_, filled_ - at_});
    at_ += found.taken;
    switch (found.event) {
      case FrameStreams::Event::more:
        return;
      case FrameStreams::Event::data:
        batch.add(found.octets);
        break;
      case FrameStreams::Event::reply:
        answer(found.octets);
        break;
      case FrameStreams::Event::broken:
        left_out_ += streams_.in_data() ? 1 : 0;
        fail(streams_.fault());
    }
  }
}

void DnstapWriter::check_patience(std::chrono::steady_clock::time_point now) {
  if (ended_ || streams_.open()) return silent_until_.reset();
  if (!silent_until_) silent_until_ = now + patience;
  if (now <= *silent_until_) return;
  if (streams_.stopped()) return closed();
  fail(fmt::format("has not begun within {} s: no START frame came", patience.count()));
}

/// A few dozen octets to one who has sent us something: they fit into the socket, or something is wrong with it.
void DnstapWriter::answer(std::span<const std::uint8_t> frame) {
  const ssize_t sent = ::send(connection_.number(), frame.data(), frame.size(), MSG_NOSIGNAL);
  // After FINISH nothing more is wanted of it, and one that does not wait for it has still said all; unless there is
  // more, which is a fault.
  if (streams_.stopped())
    ended_ = filled_ == at_;
  else if (sent != static_cast<ssize_t>(frame.size()))
    fail("the answer to its handshake cannot be sent");
}

void DnstapWriter::closed() {
  ended_ = true;
  if (filled_ == at_) return;
  left_out_ += streams_.in_data() ? 1 : 0;
  fail(fmt::format("was cut inside a frame: {} octets were to come, {} came", streams_.wanted(), filled_ - at_));
}

void DnstapWriter::fail(const std::string& why) {
  fault_ = fmt::format("writer {}: {}", number_, why);
  ended_ = true;
}

}  // namespace rata::capture
