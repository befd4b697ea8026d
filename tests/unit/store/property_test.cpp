// The store beside a model of it: whatever comes, in any order, again, late, with stops between, each level holds the
// same as adding it all up.

#include <algorithm>
#include <random>
#include <set>

#include "sample.h"

namespace rata::store {
namespace {

using Random = std::mt19937;

std::uint64_t below(Random& random, std::uint64_t bound) {
  return std::uniform_int_distribution<std::uint64_t>(0, bound - 1)(random);
}

struct Stretch {
  Numbers numbers;
  std::uint64_t queries = 0;  // of rates
};

/// All that may be sent: three servers, one of them with two monitors, one that is started anew halfway.
std::vector<summary::Summary> everything(Random& random) {
  std::vector<summary::Summary> all;
  const std::pair<const char*, const char*> monitors[] = {{"ns1", "m1"}, {"ns1", "m2"}, {"ns2", "m1"}, {"ns3", "m1"}};
  const auto add = [&](const auto& monitor, const char* reducer, std::uint64_t number, double start, double seconds,
                       summary::Data data) {
    auto one = summary_of(monitor.first, number, start, std::move(data), seconds);
    one.monitor = monitor.second;
    one.type = reducer;
    if (start >= 3000) one.id = {.boot = "boot2", .sequence = number - 100};
    all.push_back(std::move(one));
  };
  for (const auto& monitor : monitors) {
    for (std::uint64_t i = 0; i < 1500; ++i)
      if (below(random, 4) == 0) {
        const auto start = static_cast<double>(4 * i);
        add(monitor, "names", 200 + i, start, 1,
            counts_of({{"k" + std::to_string(below(random, 9)), 1 + below(random, 5)}}));
        add(monitor, "rate", 200 + i, start, 1, rate_of(below(random, 50), 1));
      }
    for (std::uint64_t i = 0; i < 100; ++i)
      add(monitor, "long", 200 + i, static_cast<double>(60 * i), 60, counts_of({{"k", 1 + below(random, 5)}}));
  }
  return all;
}

/// What was acknowledged, and what it comes to.
class Model {
 public:
  void add(const summary::Summary& one) { taken_.push_back(one); }
  util::Time newest() const {
    util::Time newest;
    for (const summary::Summary& one : taken_)
      newest = std::max(newest, after(one.window.start, static_cast<std::uint64_t>(one.window.seconds)));
    return newest;
  }
  /// By the second that a pane starts at, from `horizon` on.
  std::map<std::int64_t, Stretch> panes(const std::set<std::string>& servers, const std::string& reducer,
                                        std::uint32_t level, std::int64_t horizon) const {
    std::map<std::int64_t, Stretch> panes;
    for (const summary::Summary& one : taken_) {
      const std::int64_t second = one.window.start.ns / util::ns_per_second - day_zero;
      const std::int64_t start = second / level * level;
      if (!servers.contains(one.server) || one.type != reducer || one.window.seconds > level || start < horizon)
        continue;
      Stretch& stretch = panes[start];
      if (reducer == "rate") stretch.queries += rate_in(one).count;
      for (const auto& [key, count] : numbers_of(one)) stretch.numbers[key] += count;
    }
    return panes;
  }

 private:
  static util::Time after(util::Time time, std::uint64_t seconds) {
    return {time.ns + static_cast<std::int64_t>(seconds) * util::ns_per_second};
  }
  std::vector<summary::Summary> taken_;
};

class PropertyTest : public StoreTest {
 protected:
  PropertyTest() {
    config_.levels = {{10, 600}, {60, 3600}, {3600, 1'000'000}};
    config_.fine_keep_seconds = 300;
    config_.groups = {{"two", {"ns1", "ns3"}}};
  }

  /// What a level still keeps, as is documented: so long behind the newest, by steps of the next level.
  std::int64_t horizon(std::uint32_t level) const {
    const std::int64_t newest = model_.newest().ns / util::ns_per_second - day_zero;
    if (level == 10) return std::max<std::int64_t>(newest - 600, 0) / 60 * 60;
    if (level == 60) return std::max<std::int64_t>(newest - 3600, 0) / 3600 * 3600;
    return 0;
  }

  void compare(unsigned seed) {
    const std::pair<const char*, std::set<std::string>> scopes[] = {{"total", {"ns1", "ns2", "ns3"}},
                                                                    {"group:two", {"ns1", "ns3"}},
                                                                    {"server:ns1", {"ns1"}},
                                                                    {"server:ns2", {"ns2"}}};
    const auto read = reader();
    for (const auto& [scope, servers] : scopes)
      for (const char* reducer : {"names", "rate", "long"})
        for (const std::uint32_t level : {10u, 60u, 3600u}) {
          const auto expected = model_.panes(servers, reducer, level, horizon(level));
          const auto found = read->history(
              {.scope = *parse_scope(scope), .reducer = reducer, .from = at(0), .to = at(7200), .level = level});
          ASSERT_TRUE(found) << found.error().message;
          const std::string what =
              std::string(scope) + " " + reducer + " " + std::to_string(level) + " seed " + std::to_string(seed);
          ASSERT_EQ(found->points.size(), expected.size()) << what;
          for (const summary::Summary& one : found->points) {
            const std::int64_t start = (one.window.start.ns / util::ns_per_second - day_zero) / level * level;
            ASSERT_TRUE(expected.contains(start)) << what << " at " << start;
            const Stretch& stretch = expected.at(start);
            EXPECT_EQ(numbers_of(one), stretch.numbers) << what << " at " << start;
            EXPECT_EQ(one.type == "rate" ? rate_in(one).count : 0, stretch.queries) << what << " at " << start;
          }
        }
  }

  void send(const std::vector<summary::Summary>& batch, double now) {
    std::vector<Verdict> expected;
    for (const summary::Summary& one : batch) {
      const bool is_new = sent_.insert({one.server, one.monitor, one.type, one.id.boot, one.id.sequence}).second;
      expected.push_back(is_new ? Verdict::fresh : Verdict::repeated);
      if (is_new) model_.add(one);
    }
    ASSERT_EQ(commit(*store_, batch, at(now)), expected);
  }

  Model model_;
  std::set<std::tuple<std::string, std::string, std::string, std::string, std::uint64_t>> sent_;
};

/// Nearly in order: each is moved by up to `disorder` places, and some come twice.
std::vector<summary::Summary> as_it_comes(Random& random, std::uint64_t disorder) {
  std::vector<std::pair<std::uint64_t, summary::Summary>> placed;
  auto all = everything(random);
  std::ranges::stable_sort(all, {}, [](const auto& one) { return one.window.start; });
  for (std::uint64_t i = 0; i < all.size(); ++i)
    for (std::uint64_t times = below(random, 5) == 0 ? 2 : 1; times > 0; --times)
      placed.emplace_back(i + below(random, disorder), all[i]);
  std::ranges::stable_sort(placed, {}, &std::pair<std::uint64_t, summary::Summary>::first);
  std::vector<summary::Summary> sent;
  for (auto& [place, one] : placed) sent.push_back(std::move(one));
  return sent;
}

class Disorder : public PropertyTest, public testing::WithParamInterface<std::pair<unsigned, std::uint64_t>> {};

TEST_P(Disorder, Each_level_and_scope_is_the_sum_of_what_was_acknowledged) {
  const auto [seed, disorder] = GetParam();
  Random random(seed);
  const auto stream = as_it_comes(random, disorder);
  open();
  double now = 7200;  // so that nothing is ahead of it
  for (std::size_t next = 0; next < stream.size();) {
    const std::size_t size = std::min<std::size_t>(1 + below(random, 60), stream.size() - next);
    send(
        {stream.begin() + static_cast<std::ptrdiff_t>(next), stream.begin() + static_cast<std::ptrdiff_t>(next + size)},
        now);
    next += size;
    now += static_cast<double>(below(random, 12));
    if (below(random, 3) == 0) flush(now);
    if (below(random, 40) == 0) open(at(now));
    if (below(random, 60) == 0) {
      flush_all(now);
      compare(seed);
    }
    if (HasFatalFailure()) return;
  }
  flush_due(now + 100);  // all is written, not all is derived
  compare(seed);
  flush_all(now + 100);
  compare(seed);
  EXPECT_EQ(store_->counters().dirty_panes, 0u);
  EXPECT_EQ(store_->counters().journal_entries, 0u);
  EXPECT_EQ(store_->counters().unreadable, 0u);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Disorder,
                         testing::Values(std::pair(1u, 1), std::pair(2u, 50), std::pair(3u, 500), std::pair(4u, 4000),
                                         std::pair(5u, 100'000)));

}  // namespace
}  // namespace rata::store
