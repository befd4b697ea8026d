#include "pipeline/monitor.h"

#include <gtest/gtest.h>

#include <map>
#include <mutex>
#include <set>

#include "capture/loss_log.h"
#include "util/guarded.h"

namespace rata::pipeline {
namespace {

using capture::Frame;

constexpr util::Time first_time = util::from_seconds(1'700'000'000);

/// A live source that hands over queries, some at a time, and ends. Before its read number r, from 0, the kernel has
/// lost another `lost_at(client, r)` packets.
class Queries final : public capture::Source {
 public:
  static constexpr std::size_t per_read = 100;
  static std::uint64_t lost_at(std::uint64_t client, std::uint64_t read) { return 1 + client + read; }

  /// `server`: the last octet of the address asked.
  Queries(std::size_t count, std::uint8_t client, std::uint8_t server, std::int64_t step_ns, std::uint16_t input,
          util::Time first = first_time)
      : count_(count), step_ns_(step_ns), first_(first), input_(input) {
    octets_ = {0x45, 0,    0, 45, 0, 1,  0, 0, 64, 17, 0, 0, 192, 0, 2, client, 198, 51, 100, server,  // IPv4
               0x13, 0x88, 0, 53, 0, 25, 0, 0,                                                         // UDP
               0,    7,    1, 0,  0, 1,  0, 0, 0,  0,  0, 0, 0,   0, 1, 0,      1};                    // . A IN
  }

  capture::Read read(std::vector<Frame>& batch) override {
    batch.clear();
    note_losses();
    for (; given_ < count_ && batch.size() < per_read; ++given_)
      batch.push_back({.octets = octets_,
                       .time = {first_.ns + static_cast<std::int64_t>(given_) * step_ns_},
                       .ordinal = given_,
                       .original_length = static_cast<std::uint32_t>(octets_.size()),
                       .link = capture::LinkType::Raw,
                       .input = input_});
    return batch.empty() ? capture::Read::end : capture::Read::frames;
  }
  const std::vector<util::Error>& errors() const override { return errors_; }
  capture::SourceStats stats() override {
    return {.frames = given_,
            .octets = 0,
            .kernel_dropped = losses_.with([](const auto& log) { return log.total(); }),
            .left_out = 0};
  }
  std::uint64_t kernel_dropped_before(util::Time time) const override {
    return losses_.with([&](const auto& log) { return log.before(time); });
  }
  bool live() const override { return true; }
  const std::set<capture::LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override {}

 private:
  void note_losses() {
    const util::Time now{first_.ns + static_cast<std::int64_t>(given_) * step_ns_};
    losses_.with([&](capture::LossLog& log) { log.note(lost_at(octets_[15], given_ / per_read), now); });
  }

  std::size_t count_, given_ = 0;
  util::Guarded<capture::LossLog> losses_;
  std::int64_t step_ns_;
  util::Time first_;
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
        config_, sources,
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
  constexpr std::size_t queries = 4000, reads = queries / Queries::per_read + 1;
  std::uint64_t all_lost = 0;
  for (std::uint64_t client = 0; client < 3; ++client)
    for (std::size_t read = 0; read < reads; ++read) all_lost += Queries::lost_at(client, read);
  for (const std::optional<double> lateness : {std::optional(3600.0), std::optional(0.0)}) {
    config_.window.lateness_seconds = lateness;
    std::vector<std::unique_ptr<capture::Source>> sources;
    for (std::uint8_t i = 0; i < 3; ++i) sources.push_back(std::make_unique<Queries>(queries, i, 53, 5'000'000, i));
    const auto packets = run(std::move(sources));
    EXPECT_EQ(books_.frames, 12'000u);
    EXPECT_EQ(books_.well_formed, 12'000u);
    EXPECT_EQ(books_.kernel_lost, all_lost) << "of all sources";
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
    EXPECT_EQ(lost, all_lost) << "each loss is told once";
    EXPECT_EQ(starts.size(), 20u);
  }
}

TEST_F(MonitorTest, Each_window_tells_what_the_kernel_lost_in_its_seconds_whichever_source_lost_it) {
  config_.window.lateness_seconds = 3600;  // one thread may be far ahead of another
  for (const std::uint8_t lines : {std::uint8_t{1}, std::uint8_t{3}}) {
    constexpr std::int64_t step_ns = 5'000'000;
    constexpr std::uint64_t reads_a_window = 2, windows = 20;
    std::vector<std::unique_ptr<capture::Source>> sources;
    for (std::uint8_t i = 0; i < lines; ++i)
      sources.push_back(
          std::make_unique<Queries>(windows * reads_a_window * Queries::per_read, i, 53, step_ns, std::uint16_t{i}));
    run(std::move(sources));
    ASSERT_EQ(summaries_.size(), windows);
    for (std::uint64_t window = 0; window < windows; ++window) {
      std::uint64_t lost = 0;
      for (std::uint64_t client = 0; client < lines; ++client) {
        for (std::uint64_t i = 0; i < reads_a_window; ++i)
          lost += Queries::lost_at(client, window * reads_a_window + i);
        // What is lost while the last packets are read, after all windows, is nowhere but in the last one.
        if (window + 1 == windows) lost += Queries::lost_at(client, windows * reads_a_window);
      }
      EXPECT_EQ(summaries_[window].loss.kernel, lost) << lines << " sources, window " << window;
    }
  }
}

/// The senders of what a list has, by the last octet, in its order.
std::vector<int> clients_of(const std::vector<summary::Record>& records) {
  std::vector<int> clients;
  for (const summary::Record& record : records) {
    const auto source = nlohmann::json::parse(record.json).at("source").get<std::string>();
    EXPECT_EQ(source.substr(0, 6), "c00002");
    clients.push_back(std::stoi(source.substr(6), nullptr, 16));
  }
  return clients;
}

TEST_F(MonitorTest, Lists_of_several_sources_go_by_time_since_each_numbers_its_own_frames) {
  config_.window.lateness_seconds = 3600;
  config_.reducers[0].reducer.type = "OnlyQueries";
  config_.reducers.push_back(config_.reducers[0]);
  config_.reducers[1].reducer.type = "AlonePackets";
  std::vector<std::unique_ptr<capture::Source>> sources;
  std::vector<int> expected;
  // The third one begins when the others are at number 250, and its clock is the finest.
  sources.push_back(std::make_unique<Queries>(500, 1, 53, 1'000'000, 0));
  sources.push_back(std::make_unique<Queries>(500, 2, 53, 1'000'000, 1, util::Time{first_time.ns + 1000}));
  sources.push_back(std::make_unique<Queries>(250, 3, 53, 1'000'000, 2, util::Time{first_time.ns + 250'000'500}));
  for (int i = 0; i < 500; ++i) {
    expected.push_back(1);
    if (i >= 250) expected.push_back(3);
    expected.push_back(2);
  }
  run(std::move(sources));
  ASSERT_EQ(summaries_.size(), 2u);
  EXPECT_EQ(clients_of(std::get<summary::Records>(summaries_[0].data).records), expected);
  EXPECT_EQ(clients_of(std::get<summary::Alone>(summaries_[1].data).alone_queries), expected);
}

TEST_F(MonitorTest, A_list_of_one_source_goes_as_the_source_does_whatever_the_stamps_say) {
  config_.window.lateness_seconds = 3600;
  config_.reducers[0].reducer.type = "OnlyQueries";
  for (const unsigned threads : {1u, 3u}) {
    config_.threads = threads;
    std::vector<std::unique_ptr<capture::Source>> sources;
    sources.push_back(std::make_unique<Queries>(500, 1, 53, -1'000'000, 0, util::Time{first_time.ns + 900'000'000}));
    run(std::move(sources));
    ASSERT_EQ(summaries_.size(), 1u);
    const auto& records = std::get<summary::Records>(summaries_[0].data).records;
    ASSERT_EQ(records.size(), 500u);
    for (std::size_t i = 0; i < records.size(); ++i) EXPECT_EQ(records[i].ordinal, i);
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
