#include "traffic/real_time.h"

#include <ctime>

#include "traffic/generator.h"

namespace rata::traffic {
namespace {

constexpr std::uint64_t ns_per_second = 1'000'000'000;

/// How far the clock was set, or the process held up, since it was asked last. Small steps are none: they are caught up
/// with, or waited for.
std::int64_t step_of_clock(std::uint64_t last_ns, std::uint64_t now_ns) {
  const auto passed_ns = static_cast<std::int64_t>(now_ns - last_ns);
  const auto skipped_ns = static_cast<std::int64_t>(skipped_step_ns);
  return passed_ns > skipped_ns || passed_ns < -skipped_ns ? passed_ns : 0;
}

}  // namespace

std::uint64_t SystemClock::now_ns() {
  std::timespec now{};
  std::timespec_get(&now, TIME_UTC);
  return static_cast<std::uint64_t>(now.tv_sec) * ns_per_second + static_cast<std::uint64_t>(now.tv_nsec);
}

void SystemClock::sleep_ns(std::uint64_t duration_ns) {
  // Not std::this_thread::sleep_for, which sleeps on after a signal.
  const std::timespec duration{static_cast<std::time_t>(duration_ns / ns_per_second),
                               static_cast<long>(duration_ns % ns_per_second)};
  ::nanosleep(&duration, nullptr);
}

void run_in_real_time(const Options& options, Clock& clock, Addresses& addresses, PcapWriter& writer, Truth& truth,
                      const std::function<bool()>& stop) {
  Generator generator(options, 0, addresses, writer, truth);  // takes its time, before the traffic's time begins
  const std::uint64_t begin_ns = clock.now_ns();
  const std::uint64_t moved_ns = options.start_s == 0 ? 0 : options.start_s * ns_per_second - begin_ns;
  generator.shift(static_cast<std::int64_t>(begin_ns + moved_ns));
  std::uint64_t last_ns = begin_ns + moved_ns;
  bool more = true;
  writer.flush();  // the file's header: a reader need not wait for the first packet
  while (writer.error() == 0 && !stop() && (more || generator.pending() > 0)) {
    clock.sleep_ns(tick_ns);
    const std::uint64_t now_ns = clock.now_ns() + moved_ns;
    if (const std::int64_t step_ns = step_of_clock(last_ns, now_ns); step_ns != 0) {
      if (step_ns < 0) generator.finish();  // their moments would come again
      generator.shift(step_ns);
    }
    last_ns = now_ns;
    if (more) more = generator.run_until(now_ns);
    if (!more) generator.write_until(now_ns);
    writer.flush();
  }
  generator.finish();
  writer.flush();
}

}  // namespace rata::traffic
