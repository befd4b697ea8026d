#pragma once

#include <cstdint>
#include <functional>

#include "traffic/addresses.h"
#include "traffic/options.h"
#include "traffic/pcap_writer.h"
#include "traffic/truth.h"

namespace rata::traffic {

/// Wall time, and waiting. Tests replace it.
class Clock {
 public:
  virtual ~Clock() = default;
  /// Units: nanoseconds since 1970.
  virtual std::uint64_t now_ns() = 0;
  /// May return early.
  virtual void sleep_ns(std::uint64_t duration_ns) = 0;
};

/// The clock of this machine.
class SystemClock : public Clock {
 public:
  std::uint64_t now_ns() override;
  void sleep_ns(std::uint64_t duration_ns) override;
};

/// One write of the packets whose moment has come, each.
constexpr std::uint64_t tick_ns = 20'000'000;

/// A step of the clock, or a wait for a slow reader, that is skipped and not caught up with.
constexpr std::uint64_t skipped_step_ns = 1'000'000'000;

/// Writes the traffic as its moments come, until a limit of the options is reached and the last response is written, or
/// `stop` says true, or the writer fails. Stamps are the clock's, moved by a constant when options.start_s is given.
void run_in_real_time(const Options& options, Clock& clock, Addresses& addresses, PcapWriter& writer, Truth& truth,
                      const std::function<bool()>& stop);

}  // namespace rata::traffic
