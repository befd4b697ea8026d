#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>
#include <tuple>

#include "pipeline/monitor.h"

namespace rata::pipeline {
namespace {

using capture::Frame;
using Octets = std::vector<std::uint8_t>;

/// What asks 198.51.100.53 something, by `protocol`.
Octets packet(std::uint8_t client, std::uint8_t protocol, const Octets& payload) {
  Octets octets = {0x45, 0,        0,   static_cast<std::uint8_t>(20 + payload.size()),
                   0,    1,        0,   0,
                   64,   protocol, 0,   0,
                   192,  0,        2,   client,
                   198,  51,       100, 53};
  octets.insert(octets.end(), payload.begin(), payload.end());
  return octets;
}

Octets udp(std::uint8_t client, std::uint8_t port, const Octets& payload) {
  Octets octets = {0x13, 0x88, 0, port, 0, static_cast<std::uint8_t>(8 + payload.size()), 0, 0};
  octets.insert(octets.end(), payload.begin(), payload.end());
  return packet(client, 17, octets);
}

const Octets query = {0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1};  // . A IN

/// Never ends by itself: of everything that has a place of its own in the books, a few hundred frames a read.
class Mixture final : public capture::Source {
 public:
  explicit Mixture(std::uint8_t number)
      : client_(number),
        well_formed_(udp(client_, 53, query)),
        malformed_(udp(client_, 53, {0, 7, 1, 0, 0})),
        elsewhere_(udp(client_, 80, query)),
        broken_{0x45, 0, 0},
        // A SYN that brings the beginning of a stream: a length of 256 octets, and a few of them.
        stream_(packet(client_, 6, {0, 0, 0, 53, 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 2, 1, 0, 0,
                                    0, 0, 0, 1,  0, 0, 7, 1, 0, 0, 1, 0, 0,    0, 0, 0, 0})),
        fragment_(udp(client_, 53, Octets(query.begin(), query.end() - 1))) {  // a multiple of eight octets
    fragment_[6] = 0x20;                                                       // more fragments
  }

  capture::Read read(std::vector<Frame>& batch) override {
    batch.clear();
    if (stopped_) return capture::Read::end;
    copies_.clear();
    copies_.reserve(per_read);
    while (batch.size() < per_read) batch.push_back(next());
    return capture::Read::frames;
  }
  const std::vector<util::Error>& errors() const override { return errors_; }
  capture::SourceStats stats() override { return {}; }
  bool live() const override { return true; }
  const std::set<capture::LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override { stopped_ = true; }

 private:
  static constexpr std::size_t per_read = 317;

  Frame next() {
    constexpr std::int64_t step_ns = 1'000'000, day_ns = 86'400 * util::ns_per_second;
    std::int64_t time = util::from_seconds(1'700'000'000).ns + static_cast<std::int64_t>(given_) * step_ns;
    if (given_ % 97 == 0) time += 2 * day_ns;               // not believed
    if (given_ % 53 == 0) time -= 5 * util::ns_per_second;  // late
    const std::span<const std::uint8_t> octets = octets_of(given_);
    return {.octets = octets,
            .time = {time},
            .ordinal = given_++,
            .original_length = static_cast<std::uint32_t>(octets.size()),
            .link = capture::LinkType::Raw,
            .input = 0};
  }

  std::span<const std::uint8_t> octets_of(std::uint64_t number) {
    switch (number % 8) {
      case 0:
        return malformed_;
      case 1:
        return elsewhere_;
      case 2:
        return broken_;
      case 3:
        return numbered(stream_, 20, number);  // the port: another stream
      case 4:
        return numbered(fragment_, 4, number);  // another datagram
      default:
        return well_formed_;
    }
  }

  std::span<const std::uint8_t> numbered(const Octets& octets, std::size_t at, std::uint64_t number) {
    Octets& copy = copies_.emplace_back(octets);
    copy[at] = static_cast<std::uint8_t>(number >> 11 | 0x80);
    copy[at + 1] = static_cast<std::uint8_t>(number >> 3);
    return copy;
  }

  std::uint8_t client_;
  Octets well_formed_, malformed_, elsewhere_, broken_, stream_, fragment_;
  std::vector<Octets> copies_;
  std::uint64_t given_ = 1;
  std::atomic<bool> stopped_ = false;
  std::vector<util::Error> errors_;
  std::set<capture::LinkType> link_types_;
  std::string name_ = "mixture";
};

/// Worked out from what everybody is shown, not asked of the books.
void expect_equations(const Books& books) {
  std::map<std::string, std::uint64_t> totals, reasons;
  for (const Counter& counter : counters(books))
    (counter.reason.empty() ? totals : reasons)[std::string(counter.group) + " " + std::string(counter.name)] +=
        counter.value;
  for (const auto& [name, sum] : reasons) EXPECT_EQ(totals[name], sum) << name;
  EXPECT_EQ(totals["frames in"], totals["frames decoded"] + totals["frames filtered"] + totals["frames refused"]);
  EXPECT_EQ(totals["tcp_octets in"],
            totals["tcp_octets delivered"] + totals["tcp_octets skipped"] + totals["tcp_octets waiting"]);
  EXPECT_EQ(totals["messages in"], totals["messages well_formed"] + totals["messages malformed"]);
  EXPECT_EQ(books.summaries_pushed, books.summaries_sent + books.summaries_waiting + books.summaries_dropped);
  EXPECT_TRUE(books.balanced());
}

Config config_of(unsigned threads) {
  Config config;
  config.server = "ns1";
  config.threads = threads;
  config.channels = {{"page", "memory:"}};
  config.streams.streams = 512;
  ReducerEntry entry;
  entry.reducer.type = "QueriesPerSecond";
  entry.send = {"page"};
  config.reducers = {entry};
  return config;
}

/// `lines`: sources, each with a thread; of one, `threads` share the work.
void watch_a_run(std::uint8_t lines, unsigned threads) {
  constexpr int states = 12;  // that differ; a fresh one comes ten times a second
  std::vector<std::unique_ptr<capture::Source>> sources;
  for (std::uint8_t i = 0; i < lines; ++i) sources.push_back(std::make_unique<Mixture>(i));
  auto made = Monitor::make(config_of(threads), sources, [](auto) {}, [](const std::string&) {});
  ASSERT_TRUE(made) << made.error().message;
  Monitor& monitor = **made;
  std::jthread runs([&] { monitor.run(); });
  Books before;
  for (int seen = 0; seen < states && !testing::Test::HasFailure();) {
    const MonitorState state = monitor.state();
    if (state.books.frames == before.frames) {
      std::this_thread::yield();
      continue;
    }
    ++seen;
    expect_equations(state.books);
    EXPECT_GT(state.books.frames, before.frames);
    EXPECT_GE(state.books.windows, before.windows);
    before = state.books;
  }
  monitor.stop();
  runs.join();
  const MonitorState last = monitor.state();
  expect_equations(last.books);
  EXPECT_EQ(last.input, InputState::ended);
  for (const std::uint64_t figure :
       {last.books.filtered(), last.books.implausible_time, last.books.late_packets, last.books.malformed_total(),
        last.books.decode.tcp_octets, last.books.decode.tcp_skipped_limit, last.books.fragments.datagrams_given_up,
        last.books.summaries_pushed})
    EXPECT_GT(figure, 0u) << "the mixture has something of everything:\n" << balance_text(last.books);
}

TEST(Balance, Of_monitors_one_after_the_other_is_their_sum) {
  Books first, second;
  first.windows = 3;
  first.late_packets = 1;
  first.lacking["a: qname"] = 2;
  first.scripts = {{.name = "kept", .given = 5, .counted = 5}, {.name = "gone", .given = 1, .missed_off = 1}};
  first.kernel_lost = 7;  // of the source, which goes on
  second.windows = 4;
  second.gap_windows = 1;
  second.lacking["a: qname"] = 1;
  second.scripts = {{.name = "kept", .given = 4, .counted = 1, .waiting = 3}};
  second += first;
  EXPECT_EQ(std::tuple(second.windows, second.late_packets, second.gap_windows, second.kernel_lost),
            std::tuple(7u, 1u, 1u, 0u));
  EXPECT_EQ(second.lacking["a: qname"], 3u);
  ASSERT_EQ(second.scripts.size(), 2u);
  EXPECT_EQ(std::tuple(second.scripts[0].given, second.scripts[0].counted, second.scripts[0].waiting),
            std::tuple(9u, 6u, 3u));
  EXPECT_EQ(second.scripts[1].name, "gone");
  EXPECT_TRUE(second.balanced());
}

TEST(Balance, Holds_whenever_it_is_asked_for_while_three_sources_are_read_by_three_threads) { watch_a_run(3, 3); }

TEST(Balance, Holds_whenever_it_is_asked_for_while_three_threads_share_one_source) { watch_a_run(1, 3); }

TEST(Balance, Holds_whenever_it_is_asked_for_while_one_thread_does_all) { watch_a_run(1, 1); }

}  // namespace
}  // namespace rata::pipeline
