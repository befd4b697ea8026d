#include "capture/octet_input.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace rata::capture {
namespace {

constexpr int patience_ms = 200;

class PlainInput final : public OctetInput {
 public:
  PlainInput(Descriptor descriptor, bool waits, const StopSignal& stop)
      : descriptor_(std::move(descriptor)), waits_(waits), stop_(stop) {}

  Got read(std::span<std::uint8_t> into, std::size_t& count) override {
    if (stop_.is_set()) return Got::end;
    if (waits_) {
      const Got news = wait();
      if (news != Got::some) return news;
    }
    const ssize_t got = ::read(descriptor_.number(), into.data(), into.size());
    if (got > 0) {
      count = static_cast<std::size_t>(got);
      return Got::some;
    }
    if (got == 0) return Got::end;
    return errno == EINTR || errno == EAGAIN ? Got::idle : failed("reading");
  }

  const std::string& failure() const override { return failure_; }

 private:
  Got wait() {
    std::array<pollfd, 2> waiting = {{{descriptor_.number(), POLLIN, 0}, {stop_.descriptor(), POLLIN, 0}}};
    const int ready = ::poll(waiting.data(), waiting.size(), patience_ms);
    if (stop_.is_set()) return Got::end;
    if (ready < 0) return errno == EINTR ? Got::idle : failed("waiting");
    return ready == 0 ? Got::idle : Got::some;
  }

  Got failed(const char* what) {
    failure_ = std::string(what) + " failed: " + std::strerror(errno);
    return Got::failed;
  }

  Descriptor descriptor_;
  bool waits_;
  const StopSignal& stop_;
  std::string failure_;
};

}  // namespace

Descriptor::~Descriptor() {
  if (number_ > STDERR_FILENO) ::close(number_);
}

StopSignal::StopSignal(bool wakes) : event_(wakes ? ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) : -1) {}

void StopSignal::set() noexcept {
  set_.store(true, std::memory_order_relaxed);
  const std::uint64_t one = 1;
  // A full counter or a missing descriptor changes nothing: the flag is seen after the next 200 ms.
  [[maybe_unused]] const ssize_t written = ::write(event_.number(), &one, sizeof one);
}

std::unique_ptr<OctetInput> plain_input(Descriptor descriptor, bool waits, const StopSignal& stop) {
  return std::make_unique<PlainInput>(std::move(descriptor), waits, stop);
}

}  // namespace rata::capture
