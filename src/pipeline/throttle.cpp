#include "pipeline/throttle.h"

#include <algorithm>
#include <ctime>
#include <thread>
#include <utility>

namespace rata::pipeline {
namespace {

using std::chrono::nanoseconds;
using namespace std::chrono_literals;

/// What was not used expires, but for so much (of wall time): quiet seconds do not buy loud ones.
constexpr nanoseconds savings = 100ms;
/// So that the end is noticed.
constexpr nanoseconds longest_sleep = 50ms;

nanoseconds cpu_of(clockid_t clock) {
  timespec used{};
  clock_gettime(clock, &used);
  return std::chrono::seconds(used.tv_sec) + nanoseconds(used.tv_nsec);
}

}  // namespace

ThrottleClocks ThrottleClocks::system(bool whole_process) {
  return {.thread_cpu = [clock = whole_process ? CLOCK_PROCESS_CPUTIME_ID
                                               : CLOCK_THREAD_CPUTIME_ID] { return cpu_of(clock); },
          .wall = [] { return nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); },
          .sleep = [](nanoseconds time) { std::this_thread::sleep_for(time); }};
}

Throttle::Throttle(unsigned percent, ThrottleClocks clocks) : percent_(percent), clocks_(std::move(clocks)) {
  if (percent_ != 0) begin_ = clocks_.wall();
}

/// Counts what was used. Returns how much more has been spent than may be by now; negative: less.
nanoseconds Throttle::debt(nanoseconds used) {
  const std::int64_t allowed = (clocks_.wall() - begin_).count() / 100 * percent_;
  const std::int64_t least = allowed - savings.count() / 100 * percent_;
  std::int64_t before = spent_ns_.load(), after = 0;
  do after = std::max(before + used.count(), least);
  while (!spent_ns_.compare_exchange_weak(before, after));
  return nanoseconds(after - allowed);
}

void Throttle::pause(Meter& meter) {
  if (percent_ == 0) return;
  const nanoseconds now = clocks_.thread_cpu();
  const nanoseconds used = meter.last_ < 0ns ? 0ns : now - meter.last_;
  meter.last_ = now;
  for (nanoseconds owed = debt(used); owed > 0ns && !stopped_; owed = debt(0ns))
    clocks_.sleep(std::min(longest_sleep, owed / percent_ * 100 + 1us));
}

}  // namespace rata::pipeline
