#include "pipeline/monitor.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>

namespace rata::pipeline {
namespace {

using capture::Frame;

/// A live source that hands over queries, some at a time, and ends.
class Queries final : public capture::Source {
 public:
  /// `server`: the last octet of the address asked.
  Queries(std::size_t count, std::uint8_t client, std::uint8_t server, std::int64_t step_ns, std::uint16_t input)
      : count_(count), step_ns_(step_ns), input_(input) {
    octets_ = {0x45, 0,    0, 45, 0, 1,  0, 0, 64, 17, 0, 0, 192, 0, 2, client, 198, 51, 100, server,  // IPv4
               0x13, 0x88, 0, 53, 0, 25, 0, 0,                                                         // UDP
               0,    7,    1, 0,  0, 1,  0, 0, 0,  0,  0, 0, 0,   0, 1, 0,      1};                    // . A IN
  }

  capture::Read read(std::vector<Frame>& batch) override {
    batch.clear();
    for (; given_ < count_ && batch.size() < 100; ++given_)
      batch.push_back({.octets = octets_,
                       .time = {util::from_seconds(1'700'000'000).ns + static_cast<std::int64_t>(given_) * step_ns_},
                       .ordinal = given_,
                       .original_length = static_cast<std::uint32_t>(octets_.size()),
                       .link = capture::LinkType::Raw,
                       .input = input_});
    return batch.empty() ? capture::Read::end : capture::Read::frames;
  }
  const std::vector<util::Error>& errors() const override { return errors_; }
  capture::SourceStats stats() override { return {.frames = given_, .octets = 0, .kernel_dropped = 5, .left_out = 0}; }
  bool live() const override { return true; }
  const std::set<capture::LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override {}

 private:
  std::size_t count_, given_ = 0;
  std::int64_t step_ns_;
  std::uint16_t input_;
  std::vector<std::uint8_t> octets_;
  std::vector<util::Error> errors_;
  std::set<capture::LinkType> link_types_;
  std::string name_ = "queries";
};

class MonitorTest : public ::testing::Test {
 protected:
  MonitorTest() {
    config_.server = "ns1";
    config_.channels = {{"page", "memory:"}};
    ReducerEntry entry;
    entry.reducer.type = "QueriesPerSecond";
    entry.send = {"page"};
    config_.reducers = {entry};
  }

  /// What each server's summaries add up to.
  std::map<std::string, std::uint64_t> run(std::vector<std::unique_ptr<capture::Source>> sources) {
    summaries_.clear();
    auto monitor = Monitor::make(
        config_, std::move(sources),
        [this](std::span<const summary::Summary> batch) {
          const std::scoped_lock lock(mutex_);
          summaries_.insert(summaries_.end(), batch.begin(), batch.end());
        },
        [](const std::string&) {});
    EXPECT_TRUE(monitor) << monitor.error().message;
    (*monitor)->run();
    books_ = (*monitor)->state().books;
    EXPECT_TRUE(books_.balanced());
    EXPECT_EQ(books_.summaries_dropped, 0u);
    std::map<std::string, std::uint64_t> packets;
    for (const summary::Summary& summary : summaries_) packets[summary.server] += summary.window.packets;
    return packets;
  }

  Config config_;
  Books books_;
  std::mutex mutex_;
  std::vector<summary::Summary> summaries_;
};

TEST_F(MonitorTest, Several_sources_have_threads_of_their_own_and_share_their_windows) {
  for (const std::optional<double> lateness : {std::optional(3600.0), std::optional(0.0)}) {
    config_.window.lateness_seconds = lateness;
    std::vector<std::unique_ptr<capture::Source>> sources;
    for (std::uint8_t i = 0; i < 3; ++i) sources.push_back(std::make_unique<Queries>(4000, i, 53, 5'000'000, i));
    const auto packets = run(std::move(sources));
    EXPECT_EQ(books_.frames, 12'000u);
    EXPECT_EQ(books_.well_formed, 12'000u);
    EXPECT_EQ(books_.kernel_lost, 15u) << "of all sources";
    EXPECT_EQ(packets.at("ns1") + books_.late_packets, 12'000u);
    if (lateness > 0) {
      EXPECT_EQ(books_.late_packets, 0u);
    }
    std::uint64_t lost = 0;
    std::set<std::int64_t> starts;
    for (const summary::Summary& summary : summaries_) {
      lost += summary.loss.kernel;
      EXPECT_TRUE(starts.insert(summary.window.start.ns).second) << "one window of all threads";
    }
    EXPECT_EQ(lost, 15u) << "each loss is told once";
    EXPECT_EQ(starts.size(), 20u);
  }
}

TEST_F(MonitorTest, Each_server_has_its_own_windows_also_one_that_is_silent) {
  config_.watched = {{"a", {*reduce::read_prefix("198.51.100.1")}},
                     {"silent", {*reduce::read_prefix("198.51.100.200")}}};
  config_.source.emplace();
  config_.source->what = {"x", "y"};
  config_.source->servers = {"", "b"};
  for (const unsigned threads : {1u, 3u}) {
    config_.threads = threads;
    for (const bool given : {false, true}) {
      config_.server_is_given = given;
      std::vector<std::unique_ptr<capture::Source>> sources;
      sources.push_back(std::make_unique<Queries>(1000, 9, 1, 10'000'000, 1));
      auto packets = run(std::move(sources));
      EXPECT_EQ(packets.at("a"), 1000u) << "an address goes before the input";
      EXPECT_EQ(packets.at("b"), 0u);
      EXPECT_EQ(packets.at("silent"), 0u) << "empty windows are sent";
      EXPECT_EQ(packets.contains("ns1"), given) << "what nobody named is silent when it is empty";
      std::map<std::string, std::set<std::uint64_t>> sequences;
      for (const summary::Summary& summary : summaries_) sequences[summary.server].insert(summary.id.sequence);
      for (const auto& [server, numbers] : sequences) {
        EXPECT_EQ(numbers.size(), 10u) << server;
        EXPECT_EQ(*numbers.rbegin(), 9u) << server;
      }
      sources.clear();
      sources.push_back(std::make_unique<Queries>(1000, 9, 2, 10'000'000, 1));
      EXPECT_EQ(run(std::move(sources)).at("b"), 1000u);
      sources.clear();
      sources.push_back(std::make_unique<Queries>(1000, 9, 2, 10'000'000, 0));
      EXPECT_EQ(run(std::move(sources)).at("ns1"), 1000u);
    }
  }
}

}  // namespace
}  // namespace rata::pipeline
