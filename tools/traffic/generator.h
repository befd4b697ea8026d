#pragma once

#include <cstdint>

#include "traffic/addresses.h"
#include "traffic/load_plan.h"
#include "traffic/names.h"
#include "traffic/options.h"
#include "traffic/pcap_writer.h"
#include "traffic/random.h"
#include "traffic/schedule.h"
#include "traffic/transactions.h"
#include "traffic/truth.h"

namespace rata::traffic {

/// The traffic from its start to a limit of the options: transactions at random moments, written in the order of time.
/// Units: stamps are nanoseconds since 1970.
class Generator {
 public:
  /// `start_ns` is the stamp of second 0. Lifetime: what is referred to must outlive it.
  Generator(const Options& options, std::uint64_t start_ns, Addresses& addresses, PcapWriter& writer, Truth& truth);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  /// Begins the transactions up to and with this moment, and writes the packets up to it. Returns false when a limit is
  /// reached or the writer failed: then only what has begun is left, for `write_until` or `finish`.
  bool run_until(std::uint64_t stamp_ns);

  /// Runs to a limit, and writes everything.
  void run_to_end();

  /// Writes packets that are still to come, up to and with this moment.
  void write_until(std::uint64_t stamp_ns) { schedule_.write_until(stamp_ns); }
  /// Writes all of them.
  void finish() { schedule_.write_all(); }
  std::size_t pending() const { return schedule_.pending(); }

  /// Moves the stamps of what has not begun, when the clock was set.
  void shift(std::int64_t by_ns);

 private:
  bool at_limit() const;
  void draw_next_moment();
  std::uint64_t stamp_ns() const { return start_ns_ + static_cast<std::uint64_t>(now_s_ * 1e9); }
  void begin_transaction();

  const Options& options_;
  PcapWriter& writer_;
  Random random_;
  const LoadPlan plan_;
  const Names names_;
  Schedule schedule_;
  Transactions transactions_;
  const double tcp_share_;
  const double noise_share_;

  std::uint64_t start_ns_;
  // Since the start. A double holds a year of seconds to 4 ns, so there is no need to move its zero.
  double now_s_ = 0;
  std::uint64_t next_ns_ = 0;
  bool next_is_drawn_ = false;
  std::uint64_t begun_ = 0;
};

}  // namespace rata::traffic
