#include "store/gaps.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

namespace rata::store {
namespace {

/// Numbers that are missing; the same stretch of several reducers once. Without a boot the numbers are our own.
void add_missing(Database& database, const std::string& server, util::Time from, util::Time to,
                 std::vector<Gap>& gaps) {
  std::map<std::tuple<std::string, util::Time, util::Time, std::string, std::uint64_t>, std::vector<std::string>> found;
  database.each(
      "SELECT monitor, reducer, boot, before_ends, begins, first - before_last - 1 FROM "
      "(SELECT monitor, reducer, boot, begins, ledger.first AS first, lag(ends) OVER runs AS before_ends, "
      "lag(ledger.last) OVER runs AS before_last "
      "FROM series JOIN source ON source.series = series.id JOIN ledger ON ledger.source = source.id "
      "WHERE kind = 0 AND name = ? AND boot != '' WINDOW runs AS (PARTITION BY source.id ORDER BY ledger.first)) "
      "WHERE begins >= ? AND before_ends < ?",
      [&](const Row& row) {
        const util::Time ended{row.number(3)}, begins{row.number(4)};
        const auto windows = static_cast<std::uint64_t>(row.number(5));
        found[{std::string(row.text(0)), ended, begins, std::string(row.text(2)), windows}].emplace_back(row.text(1));
      },
      std::string_view(server), from.ns, to.ns);
  for (auto& [gap, reducers] : found) {
    const auto& [monitor, ended, begins, boot, windows] = gap;
    std::ranges::sort(reducers);
    gaps.push_back({monitor, boot, ended, begins, windows, reducers});
  }
}

/// What no run of a monitor covers between its first and its last. Where one begins just where another ended nothing is
/// between them, and what that one had not sent may still be missing: that is told as a gap of no length.
void add_between_boots(Database& database, const std::string& server, util::Time from, util::Time to,
                       std::vector<Gap>& gaps) {
  std::optional<std::string> monitor;
  util::Time reached;
  database.each(
      "SELECT monitor, min(begins) AS boot_begins, max(ends) FROM series JOIN source ON source.series = series.id "
      "JOIN ledger ON ledger.source = source.id WHERE kind = 0 AND name = ? AND boot != '' "
      "GROUP BY monitor, boot ORDER BY monitor, boot_begins, boot",
      [&](const Row& row) {
        const util::Time begins{row.number(1)}, ends{row.number(2)};
        if (monitor == row.text(0)) {
          if (begins >= reached && begins >= from && reached < to)
            gaps.push_back({*monitor, "", reached, begins, 0, {}});
          reached = std::max(reached, ends);
        } else {
          monitor = row.text(0);
          reached = ends;
        }
      },
      std::string_view(server));
}

}  // namespace

util::Result<std::vector<Gap>> find_gaps(Database& database, const std::string& server, util::Time from,
                                         util::Time to) {
  std::vector<Gap> gaps;
  add_missing(database, server, from, to, gaps);
  add_between_boots(database, server, from, to, gaps);
  if (auto read = database.outcome(); !read) return read.error();
  std::ranges::stable_sort(gaps, {}, [](const Gap& gap) { return std::tie(gap.monitor, gap.from); });
  return gaps;
}

}  // namespace rata::store
