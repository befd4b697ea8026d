#include "store/recent.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>

namespace rata::store {
namespace {

constexpr util::Time never{std::numeric_limits<std::int64_t>::max()};
constexpr std::uint32_t most_coarse_seconds = 60;  // in a view of minutes

std::uint64_t packets(const Pane& pane) {
  return std::accumulate(pane.begin(), pane.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& part) { return sum + part.window.packets; });
}

void append(std::vector<summary::Summary>& all, Pane&& pane) {
  all.insert(all.end(), std::make_move_iterator(pane.begin()), std::make_move_iterator(pane.end()));
}

/// What is open of a series at a level: `use(start, open pane)`.
template <typename Use>
void each_open(const State& state, std::uint32_t level, std::int64_t series, util::Time since, Use use) {
  const auto& open = state.open.panes();
  for (auto one = open.lower_bound({level, series, since}); one != open.end(); ++one) {
    if (one->first.level != level || one->first.series != series) return;
    use(one->first.start, one->second);
  }
}

/// By single seconds where these are all that a pane holds.
void append_seconds(std::vector<summary::Summary>& all, const State& state, PaneReader& reader, std::int64_t series,
                    util::Time since) {
  const std::uint32_t base = state.levels.base();
  const util::Time from = aligned(since, base);
  PanesByStart panes = reader.panes(base, series, from, never);
  PanesByStart single = reader.panes(fine_seconds, series, from, never);
  each_open(state, base, series, from, [&](util::Time start, const OpenPane& open) {
    add(panes[start], Pane(open.pane), summary::Relation::consecutive, base);
    add(single[start], Pane(open.fine), summary::Relation::consecutive, fine_seconds);
  });
  for (auto& [start, pane] : panes) {
    Pane& parts = single[start];
    append(all, std::move(!parts.empty() && packets(parts) == packets(pane) ? parts : pane));
  }
}

/// The last of them by the finest level that there is, what is older by the next: a table of each is read in a quarter
/// of a millisecond, and of the finest there are many.
void append_panes(std::vector<summary::Summary>& all, const State& state, PaneReader& reader, const Series& series,
                  util::Time since) {
  const std::uint32_t level = std::max(series.finest, state.levels.base());
  const std::size_t next = std::min(state.levels.find(level).value_or(0) + 1, state.levels.size() - 1);
  const std::uint32_t coarser = state.levels.seconds(next);
  const std::int64_t length = std::int64_t{coarser} * util::ns_per_second;
  const util::Time split = aligned({series.last.ns - length}, coarser), from = aligned(since, coarser);
  const bool has_coarser = coarser > level && coarser <= most_coarse_seconds && from < split;
  if (has_coarser)
    for (auto& [start, pane] : reader.panes(coarser, series.id, from, split)) append(all, std::move(pane));
  for (auto& [start, pane] : reader.panes(level, series.id, has_coarser ? split : aligned(since, level), never))
    append(all, std::move(pane));
  each_open(state, level, series.id, has_coarser ? from : aligned(since, level),
            [&](util::Time, const OpenPane& open) { append(all, Pane(open.pane)); });
}

}  // namespace

util::Result<std::vector<summary::Summary>> recent(State& state, util::Time since, bool fine) {
  PaneReader reader = state.reader();
  std::vector<summary::Summary> all;
  for (const auto& [id, series] : state.catalogue.all()) {
    if (series->kind != Kind::monitor || series->last <= since) continue;
    if (fine && series->finest == fine_seconds)
      append_seconds(all, state, reader, id, since);
    else
      append_panes(all, state, reader, *series, since);
  }
  std::ranges::stable_sort(all, {}, [](const summary::Summary& one) { return one.window.start; });
  state.counters.unreadable += reader.unreadable();
  if (auto read = state.database->outcome(); !read) return read.error();
  return all;
}

}  // namespace rata::store
