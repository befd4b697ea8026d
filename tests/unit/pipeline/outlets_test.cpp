#include "pipeline/outlets.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <mutex>

namespace rata::pipeline {
namespace {

summary::Summary some_summary() {
  summary::Summary summary;
  summary.type = "qps";
  summary.data = summary::Rate{.name = "qps", .count = 1, .seconds = 1};
  return summary;
}

class OutletsTest : public ::testing::Test {
 protected:
  OutletsTest() : folder_(std::filesystem::temp_directory_path() / ("ratadns-outlets-" + std::to_string(getpid()))) {
    std::filesystem::create_directory(folder_);
    ReducerEntry entry;
    entry.reducer.type = "QueriesPerSecond";
    config_.reducers = {entry};
  }
  ~OutletsTest() override { std::filesystem::remove_all(folder_); }

  void set_channels(const std::vector<std::pair<std::string, channel::Settings>>& channels) {
    config_.channels.clear();
    config_.reducers.front().send.clear();
    for (const auto& [name, settings] : channels) {
      config_.channels.push_back({name, settings});
      config_.reducers.front().send.push_back(name);
    }
  }
  channel::Settings file(const std::string& name) const { return {.url = "file://" + (folder_ / name).string()}; }
  /// A Redis that is down; what waits for it may wait in a spool.
  channel::Settings down(bool spool) const {
    channel::Settings settings{.url = "redis://127.0.0.1:1"};
    if (spool) settings.spool = {.path = folder_ / "spool"};
    return settings;
  }
  void write(const std::string& name, const std::string& content) const {
    std::ofstream(folder_ / name) << content;
    std::filesystem::permissions(folder_ / name,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  void send(unsigned times) {
    for (unsigned i = 0; i < times; ++i) outlets_.send(0, some_summary());
  }
  void open() {
    const auto opened = outlets_.open(config_);
    ASSERT_TRUE(opened) << opened.error().message;
  }
  std::uint64_t pushed_to(const std::string& name) const {
    for (const OutletState& state : outlets_.states())
      if (state.name == name) return state.counters.pushed;
    return UINT64_MAX;
  }
  Books books() const {
    Books books;
    outlets_.add_to(books);
    EXPECT_EQ(books.summaries_pushed,
              books.summaries_sent + books.summaries_refused + books.summaries_waiting + books.summaries_dropped);
    return books;
  }

  std::filesystem::path folder_;
  Config config_;
  Outlets outlets_{{}, false, [](const std::string&) {}};
};

TEST_F(OutletsTest, What_stays_the_same_goes_on_and_what_goes_stays_in_the_books) {
  set_channels({{"a", file("a")}, {"b", file("b")}});
  open();
  send(3);
  set_channels({{"a", file("a")}, {"c", file("c")}});
  open();
  EXPECT_EQ(pushed_to("a"), 3u) << "the same sender";
  EXPECT_EQ(pushed_to("b"), UINT64_MAX);
  EXPECT_EQ(pushed_to("c"), 0u);
  send(2);
  set_channels({{"a", file("other")}});
  open();
  EXPECT_EQ(pushed_to("a"), 5u) << "it is another channel, and the figures of the name go on";
  send(1);
  outlets_.close();
  EXPECT_EQ(books().summaries_pushed, 11u);
  EXPECT_EQ(books().summaries_sent, 11u);
}

TEST_F(OutletsTest, Who_waits_for_another_side_that_is_down_is_not_held_up_by_it) {
  set_channels({{"down", down(false)}});
  open();
  send(5);
  const auto before = std::chrono::steady_clock::now();
  open();
  EXPECT_EQ(pushed_to("down"), 5u);
  set_channels({{"a", file("a")}});
  open();
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(3)) << "it goes on trying for five";
  send(1);
  outlets_.close();
  EXPECT_EQ(books().summaries_pushed, 6u);
  EXPECT_EQ(books().summaries_sent, 1u);
  EXPECT_EQ(books().summaries_dropped, 5u);
}

TEST_F(OutletsTest, A_spool_goes_from_one_channel_to_the_next_and_counts_once) {
  set_channels({{"hub", down(true)}});
  open();
  send(5);
  channel::Settings next = file("a");
  next.spool = down(true).spool;
  set_channels({{"hub", next}});
  open();
  send(2);
  outlets_.close();
  EXPECT_EQ(books().summaries_pushed, 7u);
  EXPECT_EQ(books().summaries_sent, 7u);
  EXPECT_EQ(books().summaries_found, 5u);
}

TEST_F(OutletsTest, One_that_cannot_be_opened_leaves_the_others_as_they_were) {
  set_channels({{"a", file("a")}});
  open();
  send(3);
  set_channels({{"b", file("b")}, {"c", file("no/such/folder")}});
  EXPECT_FALSE(outlets_.open(config_));
  EXPECT_EQ(pushed_to("a"), 3u);
  send(1);
  outlets_.close();
  EXPECT_EQ(books().summaries_sent, 4u);
}

TEST_F(OutletsTest, Another_secret_in_the_same_file_makes_it_another_channel) {
  channel::Settings secured = down(true);
  secured.password_file = folder_ / "password";
  set_channels({{"hub", secured}});
  write("password", "one");
  open();
  send(1);
  open();
  EXPECT_EQ(books().summaries_found, 0u);
  write("password", "two");
  open();
  EXPECT_EQ(books().summaries_found, 1u) << "the spool of the one before";
}

}  // namespace
}  // namespace rata::pipeline
