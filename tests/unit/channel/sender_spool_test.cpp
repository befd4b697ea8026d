#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "channel/sender.h"
#include "numbered.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Spool> open_spool(const std::string& path, std::uint64_t limit_mib = 16, Fsync fsync = Fsync::never) {
  auto spool = Spool::open({.path = path, .limit_mib = limit_mib, .fsync = fsync});
  EXPECT_TRUE(spool) << spool.error().message;
  return spool ? std::move(*spool) : nullptr;
}

SenderConfig quick() { return {.first_retry = 1ms, .longest_retry = 2ms, .drain = 5s, .chance = 1}; }

/// Does what the test says of each attempt.
class Told final : public Channel {
 public:
  using Does = std::function<Attempt(std::span<const summary::Summary>)>;
  explicit Told(Does does) : does_(std::move(does)) {}
  Attempt send(std::span<const summary::Summary> batch) override { return does_(batch); }

 private:
  Does does_;
};

Attempt failure() { return {Attempt::State::try_again, "the other side is down", {}}; }

std::uint64_t number_of(const summary::Summary& summary) { return summary.id.sequence; }

TEST(SenderSpool, What_the_other_side_refuses_is_counted_and_not_sent_again) {
  TestFolder folder;
  Said said;
  std::vector<std::uint64_t> got;
  const auto some_refused = [&](std::span<const summary::Summary> batch) {
    Attempt attempt;
    attempt.why_refused = "is of another version";
    for (const auto& summary : batch) {
      attempt.refused.push_back(number_of(summary) % 10 == 3);
      if (!attempt.refused.back()) got.push_back(number_of(summary));
    }
    return attempt;
  };
  Sender sender("hub", std::make_unique<Told>(some_refused), quick(), said.sink(), open_spool(folder.spool()));
  for (std::uint64_t i = 0; i < 100; ++i) sender.send(numbered(i));
  sender.close();
  EXPECT_EQ(sender.counters().refused, 10u);
  EXPECT_EQ(sender.counters().sent, 90u);
  EXPECT_EQ(got.size(), 90u);
  EXPECT_EQ(said.count("refused and are not sent again: is of another version"), 1u);
  EXPECT_EQ(sender.counters().left_in_spool, 0u);
}

TEST(SenderSpool, Of_a_batch_that_failed_in_part_only_the_rest_is_sent_again) {
  TestFolder folder;
  Said said;
  std::multiset<std::uint64_t> got;
  int attempts = 0;
  const auto partly = [&](std::span<const summary::Summary> batch) {
    Attempt attempt = ++attempts <= 5 ? failure() : Attempt{};
    for (std::size_t i = 0; i < batch.size(); ++i) {
      attempt.out.push_back(attempts > 5 || i % 2 == 0);
      attempt.refused.push_back(attempts == 2 && i == 1);
      if (attempt.out[i] && !attempt.refused[i]) got.insert(number_of(batch[i]));
    }
    return attempt;
  };
  {
    Sender sender("hub", std::make_unique<Told>(partly), quick(), said.sink(), open_spool(folder.spool()));
    for (std::uint64_t i = 0; i < 500; ++i) sender.send(numbered(i));
    ASSERT_TRUE(eventually([&] { return sender.counters().waiting == 0; }));
    sender.close();
    EXPECT_EQ(sender.counters().sent, got.size());
    EXPECT_EQ(got.size(), std::set(got.begin(), got.end()).size()) << "none twice";
    EXPECT_EQ(got.size() + sender.counters().refused, 500u);
  }
  EXPECT_EQ(open_spool(folder.spool())->counters().found, 0u);
}

TEST(SenderSpool, What_is_fresh_goes_first_after_a_failure_and_what_is_older_has_its_turns) {
  TestFolder folder;
  Said said;
  std::atomic<bool> down = true;
  std::vector<std::uint64_t> got;
  SenderConfig config = quick();
  config.batch_summaries = 10;
  {
    Sender sender("hub", std::make_unique<Told>([](auto) { return failure(); }), config, said.sink(),
                  open_spool(folder.spool()));
    for (std::uint64_t i = 0; i < 1000; ++i) sender.send(numbered(i));
  }
  const auto when_up = [&](std::span<const summary::Summary> batch) {
    if (down) return failure();
    std::this_thread::sleep_for(1ms);  // as one over a network would take
    for (const auto& summary : batch) got.push_back(number_of(summary));
    return Attempt{};
  };
  Sender sender("hub", std::make_unique<Told>(when_up), config, said.sink(), open_spool(folder.spool()));
  for (std::uint64_t i = 1000; i < 1100; ++i) sender.send(numbered(i));
  ASSERT_TRUE(eventually([&] { return sender.counters().spooled == 100 && sender.counters().failed_attempts > 0; }));
  down = false;
  ASSERT_TRUE(eventually([&] { return sender.counters().sent == 1100; }));
  sender.close();
  std::vector<std::uint64_t> sorted = got;
  std::ranges::sort(sorted);
  for (std::uint64_t i = 0; i < 1100; ++i) ASSERT_EQ(sorted[i], i);
  const auto last_fresh = std::ranges::find(got, std::uint64_t{1099});
  EXPECT_LT(last_fresh - got.begin(), 1000) << "what is fresh does not wait for all that is older";
}

TEST(SenderSpool, At_the_end_of_an_input_all_is_tried_for_a_while) {
  TestFolder folder;
  Said said;
  const auto up_at = std::chrono::steady_clock::now() + 300ms;
  const auto later = [&](auto) { return std::chrono::steady_clock::now() < up_at ? failure() : Attempt{}; };
  Sender sender("hub", std::make_unique<Told>(later), quick(), said.sink(), open_spool(folder.spool()));
  for (std::uint64_t i = 0; i < 1000; ++i) sender.send(numbered(i));
  sender.wind_up();
  sender.close();
  EXPECT_EQ(sender.counters().sent, 1000u);
  EXPECT_EQ(said.count("stay in the spool"), 0u);
}

TEST(SenderSpool, What_is_left_after_that_while_is_said_and_whoever_hurries_does_not_wait_for_it) {
  const auto time_of_closing = [](std::chrono::milliseconds drain, bool hurries) {
    TestFolder folder;
    Said said;
    SenderConfig config = quick();
    config.drain = drain;
    Sender sender("hub", std::make_unique<Told>([](auto) { return failure(); }), config, said.sink(),
                  open_spool(folder.spool()));
    for (std::uint64_t i = 0; i < 1000; ++i) sender.send(numbered(i));
    const auto begun = std::chrono::steady_clock::now();
    if (hurries) sender.hurry();
    sender.wind_up();
    std::jthread late([&] {
      std::this_thread::sleep_for(100ms);
      if (drain > 5s) sender.hurry();
    });
    sender.close();
    EXPECT_EQ(sender.counters().left_in_spool, 1000u);
    EXPECT_EQ(said.count("1000 summaries stay in the spool " + folder.spool() + ", and the next start sends them"), 1u);
    return std::chrono::steady_clock::now() - begun;
  };
  EXPECT_GT(time_of_closing(500ms, false), 400ms);
  EXPECT_LT(time_of_closing(1h, false), 3s) << "hurried after a while";
  EXPECT_LT(time_of_closing(3s, true), 2s) << "hurried before";
}

TEST(SpoolPace, Older_ones_get_as_much_time_as_fresh_ones_while_both_wait) {
  SpoolPace pace;
  std::map<bool, std::chrono::milliseconds> spent;
  std::mt19937_64 random(3);
  EXPECT_FALSE(pace.older_next(true, true)) << "fresh ones go first";
  for (int i = 0; i < 10'000; ++i) {
    const bool older = pace.older_next(true, true);
    const std::chrono::milliseconds time(1 + random() % (older ? 90 : 9));
    spent[older] += time;
    pace.spent(older, time);
  }
  EXPECT_NEAR(static_cast<double>(spent[true].count()), static_cast<double>(spent[false].count()), 100);
  // What one had while the other did not wait is nobody's debt.
  EXPECT_TRUE(pace.older_next(false, true));
  pace.spent(true, 1h);
  EXPECT_FALSE(pace.older_next(true, true));
  pace.spent(false, 1ms);
  EXPECT_TRUE(pace.older_next(true, true));
  EXPECT_FALSE(pace.older_next(true, false));
  pace.spent(false, 1h);
  EXPECT_FALSE(pace.older_next(true, true));
}

TEST(SenderSpool, A_slow_other_side_gets_all_in_order_though_memory_is_small) {
  TestFolder folder;
  Said said;
  std::vector<std::uint64_t> got;
  SenderConfig config = quick();
  config.queue_capacity_summaries = 40;
  config.batch_summaries = 7;
  std::atomic<bool> may_go = false;
  const auto slow = [&](std::span<const summary::Summary> batch) {
    while (!may_go) std::this_thread::sleep_for(1ms);
    for (const auto& summary : batch) got.push_back(number_of(summary));
    return Attempt{};
  };
  Sender sender("hub", std::make_unique<Told>(slow), config, said.sink(), open_spool(folder.spool()));
  for (std::uint64_t i = 0; i < 500; ++i) sender.send(numbered(i));
  ASSERT_TRUE(eventually([&] { return sender.counters().spooled == 500; })) << "not kept from the disk";
  may_go = true;
  for (std::uint64_t i = 500; i < 1000; ++i) sender.send(numbered(i));
  sender.close();
  ASSERT_EQ(got.size(), 1000u);
  EXPECT_TRUE(std::ranges::is_sorted(got));
  EXPECT_EQ(sender.counters().sent, 1000u);
}

TEST(SenderSpool, A_live_source_loses_the_oldest_when_the_spool_is_full) {
  TestFolder folder;
  Said said;
  SenderConfig config = quick();
  config.queue_capacity_summaries = 20'000;
  config.batch_summaries = 1;
  config.when_full = util::WhenFull::drop_newest;
  {
    Sender sender("hub", std::make_unique<Told>([](auto) { return failure(); }), config, said.sink(),
                  open_spool(folder.spool(), 1));
    for (std::uint64_t i = 0; i < 10'000; ++i) sender.send(numbered(i));
    sender.close();
    const auto counters = sender.counters();
    EXPECT_GT(counters.spool_full, 0u);
    EXPECT_EQ(counters.dropped, counters.spool_full);
    EXPECT_EQ(counters.pushed, counters.dropped + counters.left_in_spool);
    EXPECT_EQ(said.count("is full (limit_mib = 1): the oldest that waits is dropped"), 1u);
  }
  std::set<std::uint64_t> got;
  const auto takes = [&](std::span<const summary::Summary> batch) {
    for (const auto& summary : batch) got.insert(number_of(summary));
    return Attempt{};
  };
  Sender sender("hub", std::make_unique<Told>(takes), config, said.sink(), open_spool(folder.spool(), 1));
  const std::uint64_t found = sender.counters().found;
  ASSERT_TRUE(eventually([&] { return sender.counters().sent == found; }));
  sender.close();
  EXPECT_EQ(*got.begin(), 10'000 - found);
  EXPECT_EQ(*got.rbegin(), 9'999u);
}

TEST(SenderSpool, A_file_waits_for_room_instead) {
  TestFolder folder;
  Said said;
  SenderConfig config = quick();
  config.queue_capacity_summaries = 16;
  config.batch_summaries = 1;
  std::atomic<bool> down = true;
  const auto when_up = [&](std::span<const summary::Summary>) { return down ? failure() : Attempt{}; };
  Sender sender("log", std::make_unique<Told>(when_up), config, said.sink(), open_spool(folder.spool(), 1));
  std::thread source([&] {
    for (std::uint64_t i = 0; i < 6000; ++i) sender.send(numbered(i));
  });
  ASSERT_TRUE(eventually([&] { return sender.health().spool_octets > (1u << 20) - 4096; }));
  EXPECT_LT(sender.counters().pushed, 6000u);
  down = false;
  source.join();
  sender.close();
  EXPECT_EQ(sender.counters().sent, 6000u);
  EXPECT_EQ(sender.counters().dropped, 0u);
}

TEST(SenderSpool, A_spool_in_trouble_is_said_once_and_summaries_wait_in_memory) {
  TestFolder folder;
  Said said;
  std::atomic<bool> down = true;
  std::multiset<std::uint64_t> got;
  const auto when_up = [&](std::span<const summary::Summary> batch) {
    if (down) return failure();
    for (const auto& summary : batch) got.insert(number_of(summary));
    return Attempt{};
  };
  Sender sender("hub", std::make_unique<Told>(when_up), quick(), said.sink(), open_spool(folder.spool()));
  sender.send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender.counters().spooled == 1; }));
  {
    const DiskOf octets(10);
    for (std::uint64_t i = 1; i < 100; ++i) sender.send(numbered(i));
    ASSERT_TRUE(eventually([&] { return sender.counters().unspooled == 99; }));
    EXPECT_NE(sender.health().spool_trouble.find("File too large"), std::string::npos);
  }
  EXPECT_EQ(said.count("waits in memory only, until it can be written again"), 1u);
  std::this_thread::sleep_for(5ms);  // longer than the pause after which it is tried again
  sender.send(numbered(100));
  ASSERT_TRUE(eventually([&] { return sender.counters().spooled == 2; }));
  EXPECT_EQ(said.count("spool: works again"), 1u);
  EXPECT_EQ(sender.health().spool_trouble, "");
  down = false;
  ASSERT_TRUE(eventually([&] { return sender.counters().sent == 101; }));
  sender.close();
  for (std::uint64_t i = 0; i <= 100; ++i) EXPECT_EQ(got.count(i), 1u) << i;
}

TEST(SenderSpool, What_waits_in_memory_only_is_dropped_at_the_end_and_counted) {
  TestFolder folder;
  Said said;
  SenderConfig config = quick();
  config.drain = 20ms;
  config.when_full = util::WhenFull::drop_newest;
  Sender sender("hub", std::make_unique<Told>([](auto) { return failure(); }), config, said.sink(),
                open_spool(folder.spool()));
  sender.send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender.counters().spooled == 1; }));
  const DiskOf octets(10);
  for (std::uint64_t i = 1; i < 10; ++i) sender.send(numbered(i));
  ASSERT_TRUE(eventually([&] { return sender.counters().unspooled == 9; }));
  sender.close();
  EXPECT_EQ(sender.counters().left_in_spool, 1u);
  EXPECT_EQ(sender.counters().dropped, 9u);
  EXPECT_EQ(sender.counters().pushed, 10u);
}

TEST(SenderSpool, A_reader_that_has_left_takes_nothing_from_the_spool) {
  TestFolder folder;
  Said said;
  {
    Sender sender("out", std::make_unique<Told>([](auto) { return Attempt{Attempt::State::gone, "has left", {}}; }),
                  quick(), said.sink(), open_spool(folder.spool()));
    sender.send(numbered(0));
    ASSERT_TRUE(eventually([&] { return sender.gone(); }));
    for (std::uint64_t i = 1; i < 3000; ++i) sender.send(numbered(i));
    sender.close();
    EXPECT_EQ(sender.counters().left_in_spool, 3000u);
  }
  EXPECT_EQ(open_spool(folder.spool())->counters().found, 3000u);
}

TEST(SenderRetry, Waits_as_long_as_the_other_side_asks_and_close_does_not) {
  TestFolder folder;
  Said said;
  const auto busy = [](auto) {
    Attempt attempt = failure();
    attempt.retry_after = 1h;
    return attempt;
  };
  Sender sender("hub", std::make_unique<Told>(busy), quick(), said.sink(), open_spool(folder.spool()));
  sender.send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender.counters().failed_attempts == 1; }));
  std::this_thread::sleep_for(50ms);  // many times what it would wait by itself
  EXPECT_EQ(sender.counters().failed_attempts, 1u);
  sender.close();
  EXPECT_EQ(sender.counters().failed_attempts, 2u) << "one more when the end comes";
  EXPECT_EQ(sender.counters().left_in_spool, 1u);
}

/// When it was tried within a second after the end of the input, in milliseconds. It never works.
std::vector<std::int64_t> attempts_at_the_end(SenderConfig config, std::optional<std::chrono::milliseconds> asked) {
  TestFolder folder;
  Said said;
  std::vector<std::int64_t> at;
  const auto begun = std::chrono::steady_clock::now();
  const auto busy = [&](auto) {
    at.push_back((std::chrono::steady_clock::now() - begun) / 1ms);
    Attempt attempt = failure();
    attempt.retry_after = asked;
    return attempt;
  };
  config.drain = 1s;
  Sender sender("hub", std::make_unique<Told>(busy), config, said.sink(), open_spool(folder.spool()));
  sender.wind_up();
  sender.send(numbered(0));
  sender.wind_up();  // as when another input ends
  sender.close();
  EXPECT_EQ(sender.counters().left_in_spool, 1u);
  return at;
}

TEST(SenderRetry, Waits_longer_each_time_also_at_the_end_of_an_input_and_tries_at_the_last_moment) {
  const SenderConfig config{.first_retry = 20ms, .longest_retry = 10s, .chance = 1};
  const auto at = attempts_at_the_end(config, std::nullopt);
  EXPECT_GE(at.size(), 5u);
  EXPECT_LE(at.size(), 8u) << "10, 20, 40 ... 640 ms at the least, and the last moment";
  EXPECT_GE(at.back(), 999);
}

TEST(SenderRetry, Waits_as_long_as_the_other_side_asks_also_at_the_end_of_an_input) {
  const auto asked = attempts_at_the_end(quick(), 300ms);
  EXPECT_GE(asked.size(), 4u);
  EXPECT_LE(asked.size(), 5u) << "at 0, 300, 600 and 900 ms, and the last moment";
  const auto patience = attempts_at_the_end(quick(), 30s);
  ASSERT_EQ(patience.size(), 2u);
  EXPECT_GE(patience.back(), 999);
}

TEST(SenderRetry, What_waits_by_our_own_choice_is_tried_when_the_end_begins) {
  TestFolder folder;
  Said said;
  std::atomic<bool> down = true;
  const auto when_up = [&](auto) { return down ? failure() : Attempt{}; };
  const SenderConfig config{.first_retry = 1h, .longest_retry = 1h, .drain = 5s, .chance = 1};
  Sender sender("hub", std::make_unique<Told>(when_up), config, said.sink(), open_spool(folder.spool()));
  sender.send(numbered(0));
  ASSERT_TRUE(eventually([&] { return sender.counters().failed_attempts == 1; }));
  down = false;
  sender.wind_up();
  sender.close();
  EXPECT_EQ(sender.counters().sent, 1u);
}

/// Writes numbers to the parent: what the spool keeps by now, and what the other side got.
[[noreturn]] void be_killed(const std::string& spool_path, int report, std::uint64_t first, bool delivers) {
  const auto tell = [report](char what, std::uint64_t number) {
    std::string text(1, what);
    append_number(text, number, 8);
    if (write(report, text.data(), text.size()) < 0) _exit(1);
  };
  auto spool = Spool::open({.path = spool_path, .limit_mib = 64});
  if (!spool) _exit(2);
  const auto takes = [&](std::span<const summary::Summary> batch) {
    if (!delivers) return failure();
    for (const auto& summary : batch) tell('d', number_of(summary));
    return Attempt{};
  };
  SenderConfig config = quick();
  config.batch_summaries = 5;
  Sender sender("hub", std::make_unique<Told>(takes), config, [](const std::string&) {}, std::move(*spool));
  for (std::uint64_t i = first;; ++i) {
    sender.send(numbered(i));
    tell('k', first + sender.counters().spooled);
  }
}

TEST(SenderSpool, What_was_reported_as_kept_survives_kill_9) {
  constexpr int rounds = 30;
  TestFolder folder;
  std::mt19937_64 random(42);
  std::set<std::uint64_t> kept, delivered;
  std::uint64_t first = 0;
  for (int round = 0; round < rounds; ++round) {
    int ends[2];
    ASSERT_EQ(pipe(ends), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      close(ends[0]);
      be_killed(folder.spool(), ends[1], first, round % 2 == 1);
    }
    close(ends[1]);
    std::uint64_t reports = 1 + random() % 3000, end = first;
    char report[9];
    // All that it said before its end counts, also what was said after it was told to end.
    for (bool killed = false; read(ends[0], report, sizeof report) == sizeof report;) {
      const std::uint64_t number = read_number({report + 1, 8});
      if (report[0] == 'd') delivered.insert(number);
      if (report[0] == 'k') end = std::max(end, number);
      if (!killed && --reports == 0) killed = kill(child, SIGKILL) == 0;
    }
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "round " << round << " ended by itself: " << WEXITSTATUS(status);
    for (std::uint64_t i = first; i < end; ++i) kept.insert(i);
    first = end + 100'000;  // what it sent beyond is nobody's loss
  }
  std::set<std::uint64_t> there = delivered;
  Said said;
  const auto takes = [&](std::span<const summary::Summary> batch) {
    for (const auto& summary : batch) there.insert(number_of(summary));
    return Attempt{};
  };
  Sender sender("hub", std::make_unique<Told>(takes), quick(), said.sink(), open_spool(folder.spool(), 64));
  const std::uint64_t found = sender.counters().found;
  ASSERT_TRUE(eventually([&] { return sender.counters().sent == found; }));
  sender.close();
  EXPECT_EQ(sender.counters().dropped, 0u);
  EXPECT_GT(kept.size(), 500u);
  for (const std::uint64_t number : kept) ASSERT_TRUE(there.contains(number)) << number;
}

}  // namespace
}  // namespace rata::channel
