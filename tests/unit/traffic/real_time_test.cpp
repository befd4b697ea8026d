#include "traffic/real_time.h"

#include <cerrno>

#include "capture.h"

namespace rata::traffic::test {
namespace {

constexpr std::uint64_t second_ns = 1'000'000'000;
constexpr std::uint64_t begin_ns = 1'732'000'000 * second_ns;
constexpr std::uint64_t late_ns = 3'000'000;  // each sleep lasts that much too long

/// A clock that only sleeping moves, and that is set once.
class FakeClock : public Clock {
 public:
  std::uint64_t now_ns() override { return now_ns_; }
  void sleep_ns(std::uint64_t duration_ns) override {
    ++sleeps_;
    now_ns_ += duration_ns + late_ns;
    if (now_ns_ < step_at_ns_) return;
    now_ns_ += static_cast<std::uint64_t>(step_ns_);
    step_at_ns_ = unlimited;
  }
  void set_at(std::uint64_t moment_ns, std::int64_t step_ns) {
    step_at_ns_ = moment_ns;
    step_ns_ = step_ns;
  }
  int sleeps() const { return sleeps_; }

 private:
  std::uint64_t now_ns_ = begin_ns;
  std::uint64_t step_at_ns_ = unlimited;
  std::int64_t step_ns_ = 0;
  int sleeps_ = 0;
};

/// Remembers what came when.
class TimedOutput : public Output {
 public:
  explicit TimedOutput(FakeClock& clock) : clock_(clock) {}
  int write(std::span<const std::uint8_t> octets) override {
    if (static_cast<int>(writes.size()) == refused_after) return EPIPE;
    writes.push_back({clock_.now_ns(), pcap.size(), clock_.sleeps()});
    pcap.insert(pcap.end(), octets.begin(), octets.end());
    return 0;
  }

  struct Write {
    std::uint64_t now_ns;
    std::size_t begin;
    int tick;
  };
  std::vector<Write> writes;
  Octets pcap;
  int refused_after = -1;

 private:
  FakeClock& clock_;
};

/// A run with all that is replaced.
struct Demonstration {
  Options options = demonstration_options();
  FakeClock clock;
  TimedOutput output{clock};
  Truth truth{Keep::bounded};
  int error = 0;
  int ticks_left = -1;

  static Options demonstration_options() {
    Options options;
    options.use_real_time_defaults();
    options.names = 500;
    options.clients = 100;
    options.real_time = true;
    options.seconds = 5;
    return options;
  }

  void run() {
    PcapWriter writer(output, Resolution::microseconds);
    Addresses addresses(options);
    run_in_real_time(options, clock, addresses, writer, truth, [this] { return ticks_left >= 0 && ticks_left-- == 0; });
    error = writer.error();
  }

  /// The moment at which each record was written, beside its stamp.
  std::vector<std::pair<std::uint64_t, std::uint64_t>> written_and_stamp() const {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> result;
    std::size_t write = 0;
    std::size_t at = 24;
    for (const Record& record : records(output.pcap)) {
      while (write + 1 < output.writes.size() && output.writes[write + 1].begin <= at) ++write;
      result.emplace_back(output.writes[write].now_ns, record.stamp_ns);
      at += 16 + record.frame.size();
    }
    return result;
  }
};

TEST(RealTime, each_packet_is_written_when_its_moment_has_come_and_no_more_than_a_tick_later) {
  Demonstration demonstration;
  demonstration.run();
  const auto all = demonstration.written_and_stamp();
  ASSERT_GT(all.size(), 15'000U);
  for (const auto& [written_ns, stamp_ns] : all) {
    ASSERT_GE(written_ns, stamp_ns);
    ASSERT_LE(written_ns - stamp_ns, tick_ns + late_ns + 1000);
  }
  EXPECT_GE(all.front().second, begin_ns);
}

TEST(RealTime, a_tick_is_one_write) {
  Demonstration demonstration;
  demonstration.run();
  const auto& writes = demonstration.output.writes;
  for (std::size_t i = 1; i < writes.size(); ++i) ASSERT_GT(writes[i].tick, writes[i - 1].tick);
  EXPECT_NEAR(static_cast<double>(writes.size()), 5e9 / (tick_ns + late_ns), 30);
}

TEST(RealTime, the_files_header_comes_before_the_first_packet) {
  Demonstration demonstration;
  demonstration.options.qps = .001;
  demonstration.ticks_left = 1;
  demonstration.run();
  EXPECT_EQ(demonstration.output.pcap.size(), 24U);
}

TEST(RealTime, it_ends_after_the_seconds_asked_for_and_the_last_response) {
  Demonstration demonstration;
  demonstration.run();
  const auto passed_ns = demonstration.clock.now_ns() - begin_ns;
  EXPECT_GE(passed_ns, 5 * second_ns - tick_ns);
  EXPECT_LE(passed_ns, 8 * second_ns);
  EXPECT_NEAR(static_cast<double>(demonstration.truth.queries[0][0] + demonstration.truth.queries[0][1]), 10'000, 1500);
}

TEST(RealTime, it_ends_when_it_is_asked_to) {
  Demonstration demonstration;
  demonstration.options.seconds = 0;
  demonstration.ticks_left = 100;
  demonstration.run();
  EXPECT_EQ(demonstration.clock.sleeps(), 100);
  EXPECT_GT(demonstration.output.pcap.size(), 100'000U);
}

TEST(RealTime, it_ends_when_the_reader_has_left) {
  Demonstration demonstration;
  demonstration.options.seconds = 0;
  demonstration.output.refused_after = 10;
  demonstration.run();
  EXPECT_EQ(demonstration.error, EPIPE);
  EXPECT_EQ(demonstration.output.writes.size(), 10U);
}

TEST(RealTime, stamps_begin_where_they_are_asked_to) {
  Demonstration demonstration;
  demonstration.options.start_s = 1'000'000;
  demonstration.run();
  const auto all = records(demonstration.output.pcap);
  EXPECT_GE(all.front().stamp_ns, 1'000'000 * second_ns);
  EXPECT_LT(all.front().stamp_ns, 1'000'001 * second_ns);
}

TEST(RealTime, time_that_the_clock_jumps_over_is_not_filled_with_packets) {
  Demonstration demonstration;
  demonstration.clock.set_at(begin_ns + 2 * second_ns, 3600 * static_cast<std::int64_t>(second_ns));
  demonstration.run();
  std::uint64_t before = 0, between = 0, after = 0;
  for (const Record& record : records(demonstration.output.pcap)) {
    if (record.stamp_ns < begin_ns + 3 * second_ns) {
      ++before;
    } else if (record.stamp_ns < begin_ns + 3600 * second_ns) {
      ++between;
    } else {
      ++after;
    }
  }
  EXPECT_NEAR(static_cast<double>(before), 2 * 4500, 1000);
  EXPECT_EQ(between, 0U);
  EXPECT_NEAR(static_cast<double>(after), 3 * 4500, 1500);
}

TEST(RealTime, when_the_clock_is_set_back_the_stamps_follow_it) {
  Demonstration demonstration;
  demonstration.clock.set_at(begin_ns + 2 * second_ns, -3600 * static_cast<std::int64_t>(second_ns));
  demonstration.run();
  const auto all = records(demonstration.output.pcap);
  const std::uint64_t last_ns = all.back().stamp_ns;
  EXPECT_GT(last_ns, begin_ns - 3600 * second_ns + 4 * second_ns);
  EXPECT_LT(last_ns, begin_ns - 3600 * second_ns + 8 * second_ns);
  int steps_back = 0;
  for (std::size_t i = 1; i < all.size(); ++i) steps_back += all[i].stamp_ns < all[i - 1].stamp_ns;
  EXPECT_EQ(steps_back, 1);
}

// What would grow in days grows in two simulated minutes too.
TEST(RealTime, without_a_manifest_nothing_grows_with_the_traffic) {
  Demonstration demonstration;
  demonstration.options.seconds = 120;
  demonstration.options.junk = 1;  // a new name in each query
  demonstration.run();
  EXPECT_GT(demonstration.truth.sorts.junk, 100'000U);
  EXPECT_EQ(demonstration.truth.names.distinct(), 0U);
  EXPECT_EQ(demonstration.truth.latencies_ns.capacity(), 0U);
  EXPECT_EQ(demonstration.truth.clients[0].capacity() + demonstration.truth.clients[1].capacity(), 0U);
}

}  // namespace
}  // namespace rata::traffic::test
