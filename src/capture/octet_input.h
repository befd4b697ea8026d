#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "util/result.h"

namespace rata::capture {

/// A file descriptor that closes itself.
class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~Descriptor();

  int number() const { return number_; }
  /// Somebody else closes it from now on.
  void release() { number_ = -1; }

 private:
  int number_;
};

/// Wakes a thread that waits in `poll`. Thread: `set` from any, a signal handler too; once set, it stays so.
class StopSignal {
 public:
  /// `wakes`: somebody may wait in `poll`; otherwise it takes no descriptor.
  explicit StopSignal(bool wakes = true);
  void set() noexcept;
  bool is_set() const noexcept { return set_.load(std::memory_order_relaxed); }
  int descriptor() const { return event_.number(); }

 private:
  Descriptor event_;
  std::atomic<bool> set_ = false;
};

/// Octets as they come, from a file or a pipe, perhaps uncompressed on the way.
class OctetInput {
 public:
  enum class Got { some, idle, end, failed };

  virtual ~OctetInput() = default;
  /// Reads at most `into.size()` octets, `count` of them when the answer is `some`. A pipe without news for about
  /// 200 ms is `idle`; `stop` makes it `end`.
  virtual Got read(std::span<std::uint8_t> into, std::size_t& count) = 0;
  /// Why `read` answered `failed`, without the input's name.
  virtual const std::string& failure() const = 0;
};

/// Plain octets of a descriptor. `waits`: a pipe, a socket or a terminal, which has to be polled.
std::unique_ptr<OctetInput> plain_input(Descriptor descriptor, bool waits, const StopSignal& stop);

}  // namespace rata::capture
