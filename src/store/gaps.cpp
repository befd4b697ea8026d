#include "store/gaps.h"

#include <algorithm>
#include <map>
#include <span>
#include <tuple>

namespace rata::store {
namespace {

/// A run of numbers that are there.
struct Run {
  std::int64_t source = 0;
  std::string monitor, reducer, boot;
  std::uint64_t first = 0, last = 0;
  util::Time begins, ends;
};

std::vector<Run> runs_of(Database& database, const std::string& server) {
  std::vector<Run> runs;
  // Without a boot the numbers are our own.
  database.each(
      "SELECT source.id, monitor, reducer, boot, ledger.first, ledger.last, begins, ends "
      "FROM series JOIN source ON source.series = series.id JOIN ledger ON ledger.source = source.id "
      "WHERE kind = 0 AND name = ? AND boot != '' ORDER BY source.id, ledger.first",
      [&](const Row& row) {
        runs.push_back({row.number(0),
                        std::string(row.text(1)),
                        std::string(row.text(2)),
                        std::string(row.text(3)),
                        static_cast<std::uint64_t>(row.number(4)),
                        static_cast<std::uint64_t>(row.number(5)),
                        {row.number(6)},
                        {row.number(7)}});
      },
      std::string_view(server));
  return runs;
}

/// Numbers that are missing; the same stretch of several reducers once.
void add_missing(const std::vector<Run>& runs, std::vector<Gap>& gaps) {
  std::map<std::tuple<std::string, util::Time, util::Time, std::string, std::uint64_t>, std::vector<std::string>> found;
  for (std::size_t i = 1; i < runs.size(); ++i) {
    const Run &before = runs[i - 1], &next = runs[i];
    if (before.source == next.source)
      found[{next.monitor, before.ends, next.begins, next.boot, next.first - before.last - 1}].push_back(next.reducer);
  }
  for (auto& [gap, reducers] : found) {
    const auto& [monitor, from, to, boot, windows] = gap;
    std::ranges::sort(reducers);
    gaps.push_back({monitor, boot, from, to, windows, reducers});
  }
}

struct Stretch {
  util::Time begins, ends;
};

/// What no run of a monitor covers between its first and its last. Where one begins just where another ended nothing is
/// between them, and what that one had not sent may still be missing: that is told as a gap of no length.
void add_between_boots(const std::vector<Run>& runs, std::vector<Gap>& gaps) {
  std::map<std::string, std::map<std::string, Stretch>> boots;  // by monitor
  for (const Run& run : runs) {
    Stretch& whole = boots[run.monitor].try_emplace(run.boot, Stretch{run.begins, run.ends}).first->second;
    whole = {std::min(whole.begins, run.begins), std::max(whole.ends, run.ends)};
  }
  for (const auto& [monitor, of_monitor] : boots) {
    std::vector<Stretch> stretches;
    for (const auto& [boot, whole] : of_monitor) stretches.push_back(whole);
    std::ranges::sort(stretches, {}, &Stretch::begins);
    util::Time reached = stretches.front().ends;
    for (const Stretch& one : std::span(stretches).subspan(1)) {
      if (one.begins >= reached) gaps.push_back({monitor, "", reached, one.begins, 0, {}});
      reached = std::max(reached, one.ends);
    }
  }
}

}  // namespace

util::Result<std::vector<Gap>> find_gaps(Database& database, const std::string& server, util::Time from,
                                         util::Time to) {
  const std::vector<Run> runs = runs_of(database, server);
  if (auto read = database.outcome(); !read) return read.error();
  std::vector<Gap> gaps;
  add_missing(runs, gaps);
  add_between_boots(runs, gaps);
  std::erase_if(gaps, [&](const Gap& gap) { return gap.to < from || gap.from >= to; });
  std::ranges::stable_sort(gaps, {}, [](const Gap& gap) { return std::tie(gap.monitor, gap.from); });
  return gaps;
}

}  // namespace rata::store
