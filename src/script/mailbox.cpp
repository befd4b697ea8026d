#include "script/mailbox.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace rata::script {
namespace {

struct [[gnu::packed]] Front {
  std::uint32_t size;  ///< of what follows
  LetterKind kind;
};

}  // namespace

Mailbox::~Mailbox() { ::close(fd_); }

bool Mailbox::send(LetterKind kind, std::span<const std::uint8_t> octets) {
  const Front front{static_cast<std::uint32_t>(octets.size()), kind};
  std::vector<std::uint8_t> all(sizeof front);
  std::memcpy(all.data(), &front, sizeof front);
  all.insert(all.end(), octets.begin(), octets.end());
  for (std::size_t sent = 0; sent < all.size();) {
    const ssize_t more = ::send(fd_, all.data() + sent, all.size() - sent, MSG_NOSIGNAL);
    if (more >= 0) {
      sent += static_cast<std::size_t>(more);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

std::optional<Letter> Mailbox::next() {
  if (auto letter = take()) return letter;
  fill();
  return take();
}

/// What can be read may be no more than a piece of a letter.
std::optional<Letter> Mailbox::wait(int most_ms) {
  using Clock = std::chrono::steady_clock;
  const auto end = Clock::now() + std::chrono::milliseconds(most_ms);
  for (;;) {
    if (auto letter = next(); letter || closed_) return letter;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    pollfd wanted{.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wanted, 1, most_ms < 0 ? -1 : static_cast<int>(std::max<std::int64_t>(left, 0)));
    if (ready == 0 || (ready < 0 && errno != EINTR)) return std::nullopt;
  }
}

/// Reads what is there, up to a little more than one letter.
void Mailbox::fill() {
  read_.erase(read_.begin(), read_.begin() + static_cast<std::ptrdiff_t>(std::exchange(taken_, 0)));
  std::array<std::uint8_t, 65'536> some;
  while (!closed_ && read_.size() <= most_octets_ + sizeof(Front)) {
    const ssize_t got = ::recv(fd_, some.data(), some.size(), MSG_DONTWAIT);
    if (got > 0) {
      read_.insert(read_.end(), some.begin(), some.begin() + got);
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got == 0 || errno != EAGAIN) closed_ = true;
    return;
  }
}

bool Mailbox::holds_letter() const {
  Front front;
  if (rest().size() < sizeof front) return false;
  std::memcpy(&front, rest().data(), sizeof front);
  return rest().size() - sizeof front >= front.size;
}

std::optional<Letter> Mailbox::take() {
  Front front;
  if (rest().size() < sizeof front) return std::nullopt;
  std::memcpy(&front, rest().data(), sizeof front);
  if (front.size > most_octets_ || front.kind > LetterKind::where) {
    closed_ = true;
    read_.clear();
    taken_ = 0;
    return std::nullopt;
  }
  if (!holds_letter()) return std::nullopt;
  const auto octets = rest().subspan(sizeof front, front.size);
  taken_ += sizeof front + front.size;
  return Letter{.kind = front.kind, .octets = {octets.begin(), octets.end()}};
}

}  // namespace rata::script
