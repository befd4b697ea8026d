#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>

namespace rata::pipeline {

/// What a throttle asks and does; tests bring their own.
struct ThrottleClocks {
  std::function<std::chrono::nanoseconds()> thread_cpu;  ///< of the thread that asks, since it began
  std::function<std::chrono::nanoseconds()> wall;        ///< steady
  std::function<void(std::chrono::nanoseconds)> sleep;
  /// `whole_process`: one thread reads and others help it, so that its own time says too little.
  static ThrottleClocks system(bool whole_process = false);
};

/// Keeps the processor time of all threads that read, together, below a share of the time that passes. Each works as
/// fast as it can for a while and then sleeps: the kernel's rings hold what comes meanwhile, and count what they cannot
/// hold. Thread: any; each has its own `Meter`.
class Throttle {
 public:
  /// Where processor time stood when it was last asked.
  class Meter {
    friend class Throttle;
    std::chrono::nanoseconds last_{-1};
  };

  /// `percent` of one core; 0: no limit, and no cost.
  explicit Throttle(unsigned percent, ThrottleClocks clocks = ThrottleClocks::system());

  /// Between two batches: sleeps as long as more was used than may be.
  void pause(Meter& meter);

  /// Pauses end, for good.
  void stop() { stopped_ = true; }

 private:
  std::chrono::nanoseconds debt(std::chrono::nanoseconds used);

  const unsigned percent_;
  ThrottleClocks clocks_;
  std::chrono::nanoseconds begin_{};
  std::atomic<std::int64_t> spent_ns_ = 0;  ///< of processor time since `begin_`, or what counts as spent
  std::atomic<bool> stopped_ = false;
};

}  // namespace rata::pipeline
