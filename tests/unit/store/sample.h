#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "store/history.h"
#include "store/store.h"
#include "summary/summary.h"

namespace rata::store {

/// A multiple of all levels, so that tests can count from it.
constexpr std::int64_t day_zero = 1'790'000'000 / 86'400 * 86'400;
constexpr util::Time at(double seconds) {
  return {day_zero * util::ns_per_second + static_cast<std::int64_t>(seconds * 1e9)};
}

using Numbers = std::map<std::string, std::uint64_t>;

inline summary::Data counts_of(const Numbers& numbers) {
  summary::Counts counts{.by = {"qname"}};
  for (const auto& [key, count] : numbers) counts.rows.push_back({{key}, count});
  return counts;
}
inline summary::Data rate_of(std::uint64_t count, double seconds) {
  return summary::Rate{.name = "qps", .count = count, .seconds = seconds};
}

inline summary::Summary summary_of(const std::string& server, std::uint64_t sequence, double start, summary::Data data,
                                   double seconds = 1) {
  summary::Summary made;
  made.type = "names";
  made.server = server;
  made.monitor = "m1";
  made.data = std::move(data);
  made.window = {.start = at(start), .seconds = seconds, .packets = 1};
  made.id = {.boot = "boot1", .sequence = sequence};
  return made;
}

/// What all rows of counts add up to.
inline Numbers numbers_of(const summary::Summary& summary) {
  Numbers numbers;
  if (const auto* counts = std::get_if<summary::Counts>(&summary.data))
    for (const summary::CountRow& row : counts->rows) numbers[std::string(row.keys.front())] += row.count;
  return numbers;
}
inline const summary::Rate& rate_in(const summary::Summary& summary) {
  return std::get<summary::Rates>(summary.data).members.front();
}

inline std::shared_ptr<summary::Summary> shared(summary::Summary summary) {
  return std::make_shared<summary::Summary>(std::move(summary));
}

/// Commits, and says what became of each.
inline std::vector<Verdict> commit(Store& store, const std::vector<summary::Summary>& summaries, util::Time now) {
  std::vector<std::string> lines;
  std::vector<Received> batch;
  for (const summary::Summary& one : summaries) lines.push_back(to_json(one));
  for (std::size_t i = 0; i < lines.size(); ++i) batch.push_back({lines[i], shared(summaries[i])});
  const auto answers = store.commit(batch, now);
  std::vector<Verdict> verdicts;
  EXPECT_TRUE(answers) << answers.error().message;
  if (answers)
    for (const Answer& answer : *answers) verdicts.push_back(answer.verdict);
  return verdicts;
}

class StoreTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("ratadns-store-test-" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directory(folder_);
    config_.path = folder_ / "history.db";
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }

  void open(util::Time now = at(0)) {
    store_.reset();
    auto opened = Store::open(config_, now);
    ASSERT_TRUE(opened) << opened.error().message;
    store_ = *std::move(opened);
  }
  std::unique_ptr<HistoryReader> reader() const {
    auto opened = HistoryReader::open(config_);
    EXPECT_TRUE(opened) << opened.error().message;
    return opened ? *std::move(opened) : nullptr;
  }
  /// Counts by the second, from `at(0)`, that a pane starts at.
  std::map<std::int64_t, Numbers> history(const std::string& scope, std::uint32_t level, util::Time from, util::Time to,
                                          const std::string& reducer = "names") const {
    std::map<std::int64_t, Numbers> found;
    const auto answer =
        reader()->history({.scope = *parse_scope(scope), .reducer = reducer, .from = from, .to = to, .level = level});
    EXPECT_TRUE(answer) << answer.error().message;
    if (!answer) return found;
    for (const summary::Summary& one : answer->points)
      for (const auto& [key, count] : numbers_of(one))
        found[(one.window.start.ns / util::ns_per_second - day_zero) / level * level][key] += count;
    return found;
  }
  void flush(double now, std::chrono::milliseconds patience = Store::usual_patience) {
    const auto flushed = store_->flush(at(now), patience);
    ASSERT_TRUE(flushed) << flushed.error().message;
    const auto derived = store_->derive_aside(at(now));
    ASSERT_TRUE(derived) << derived.error().message;
  }
  /// Until nothing is left that is due: one call works for a limited time, and some is made aside.
  void flush_due(double now) {
    for (;;) {
      const auto flushed = store_->flush(at(now));
      ASSERT_TRUE(flushed) << flushed.error().message;
      const auto derived = store_->derive_aside(at(now));
      ASSERT_TRUE(derived) << derived.error().message;
      if (*flushed == Flushed::all && !*derived) return;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }
  void flush_all(double now) {
    const auto flushed = store_->flush_all(at(now));
    ASSERT_TRUE(flushed) << flushed.error().message;
  }

  std::filesystem::path folder_;
  Config config_;
  std::unique_ptr<Store> store_;
};

}  // namespace rata::store
