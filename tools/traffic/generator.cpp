#include "traffic/generator.h"

#include <cmath>

namespace rata::traffic {
namespace {

// What one transaction brings on average, to turn shares of queries and of packets into shares of transactions.
constexpr double queries_in_connection = 1.08;
constexpr double packets_in_transaction = 2.25;
constexpr double packets_in_noise = 1.4;

constexpr std::uint64_t noise_delay_ns = 500;

}  // namespace

Generator::Generator(const Options& options, std::uint64_t start_ns, Addresses& addresses, PcapWriter& writer,
                     Truth& truth)
    : options_(options),
      writer_(writer),
      random_(options.seed),
      plan_(options),
      names_(options),
      schedule_(writer),
      transactions_(options, names_, addresses, random_, schedule_, truth),
      tcp_share_(options.tcp / queries_in_connection),
      noise_share_(options.noise * packets_in_transaction / packets_in_noise),
      start_ns_(start_ns) {}

bool Generator::at_limit() const {
  return (options_.queries != 0 && begun_ >= options_.queries) ||
         writer_.packets() + schedule_.pending() >= options_.packets || writer_.error() != 0;
}

/// Gaps between transactions are exponential: nobody waits for anybody else.
void Generator::draw_next_moment() {
  now_s_ += -std::log(1 - random_.uniform()) / plan_.rate(now_s_);
  next_ns_ = stamp_ns();
  next_is_drawn_ = true;
}

bool Generator::run_until(std::uint64_t stamp_ns) {
  for (;;) {
    if (at_limit()) return false;
    if (!next_is_drawn_) draw_next_moment();
    if (options_.seconds > 0 && now_s_ >= options_.seconds) return false;
    if (next_ns_ > stamp_ns) break;
    begin_transaction();
  }
  schedule_.write_until(stamp_ns);
  return true;
}

void Generator::begin_transaction() {
  next_is_drawn_ = false;
  ++begun_;
  const std::uint64_t stamp_ns = next_ns_;
  schedule_.write_until(schedule_.rounded(stamp_ns) - 1);
  const Moment moment = plan_.at(now_s_);
  const double which = random_.uniform();
  if (which < options_.malformed) {
    transactions_.malformed(stamp_ns);
  } else if (which < options_.malformed + tcp_share_) {
    transactions_.tcp(stamp_ns, moment);
  } else {
    transactions_.udp(stamp_ns, moment);
  }
  if (random_.chance(noise_share_)) transactions_.noise(stamp_ns + noise_delay_ns);
}

void Generator::run_to_end() {
  while (run_until(unlimited)) {
  }
  finish();
  writer_.flush();
}

void Generator::shift(std::int64_t by_ns) {
  start_ns_ += static_cast<std::uint64_t>(by_ns);
  next_ns_ += static_cast<std::uint64_t>(by_ns);
}

}  // namespace rata::traffic
