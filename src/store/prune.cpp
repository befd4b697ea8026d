#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "store/state.h"

namespace rata::store {
namespace {

constexpr std::int64_t steps_for_room = 50;  // of what a level holds, so that one step is 2 %
constexpr int most_steps = 4;                // a call, so that commits do not wait long
constexpr std::int64_t freed_pages_kept = 1024;

constexpr std::uint64_t boots_keep_seconds = 30 * seconds_per_day;  // of a run whose monitor has started again

/// What time the history has reached: a clock that is ahead, of a monitor or our own, alone does not make it older.
util::Time reached(const State& state, util::Time now) { return std::min(state.newest, now); }

util::Time before(util::Time time, std::uint64_t seconds) {
  return {time.ns - static_cast<std::int64_t>(seconds) * util::ns_per_second};
}

/// A level as it is pruned: the single seconds are one too.
struct Pruned {
  std::uint32_t seconds = 0;
  std::uint32_t step = 0;  ///< what its horizon is a multiple of
  std::uint64_t keep_seconds = 0;
  util::Time horizon;
  std::optional<std::size_t> place;  ///< among the levels; nothing: the single seconds
};

std::vector<Pruned> pruned_levels(const Levels& levels) {
  std::vector<Pruned> all = {{fine_seconds, levels.base(), levels.fine_keep_seconds(), levels.fine_horizon(), {}}};
  for (std::size_t i = 0; i < levels.size(); ++i)
    all.push_back({levels.seconds(i), levels.step(i), levels.keep_seconds(i), levels.horizon(i), i});
  return all;
}

/// What is made from panes that are about to go is made while they are there.
util::Result<void> derive_from(State& state, const Pruned& level, util::Time horizon) {
  if (!level.place || *level.place + 1 == state.levels.size()) return {};
  const std::uint32_t coarser = state.levels.seconds(*level.place + 1);
  std::vector<Key> keys;
  for (const auto& [key, touched] : state.dirty.all())
    if (key.level == coarser && key.start < horizon && state.catalogue.series(key.series).kind == Kind::monitor)
      keys.push_back(key);
  return derive(state, keys);
}

void remove_sources(Database& database, const std::vector<const Source*>& sources) {
  for (const Source* const source : sources) {
    database.run("DELETE FROM ledger WHERE source = ?", source->id);
    database.run("DELETE FROM source WHERE id = ?", source->id);
  }
}

util::Result<void> forget_sources(State& state, const std::vector<const Source*>& sources) {
  if (sources.empty()) return {};
  state.database->begin();
  remove_sources(*state.database, sources);
  if (auto done = state.database->commit(); !done) return done;
  state.catalogue.forget(sources);
  return {};
}

/// Series that nothing is left of, and nothing is on its way to.
util::Result<void> forget_series(State& state) {
  std::set<std::int64_t> awaited;
  for (const auto& [key, touched] : state.dirty.all()) awaited.insert(key.series);
  for (const auto& [key, open] : state.open.panes()) awaited.insert(key.series);
  Database& database = *state.database;
  std::vector<const Series*> empty;
  for (const auto& [id, series] : state.catalogue.all()) {
    if (series->boots > 0 || series->is_changed || awaited.contains(id)) continue;
    std::int64_t has_panes = 0;
    for (const Pruned& level : pruned_levels(state.levels))
      has_panes += database.number("SELECT EXISTS(SELECT 1 FROM pane WHERE level = ? AND series = ?)",
                                   std::int64_t{level.seconds}, id);
    if (has_panes == 0) empty.push_back(series);
  }
  database.begin();
  for (const Series* const series : empty) database.run("DELETE FROM series WHERE id = ?", series->id);
  if (auto done = database.commit(); !done) return done;
  state.catalogue.forget(empty);
  return {};
}

/// Returns how many panes went.
util::Result<std::uint64_t> raise(State& state, const Pruned& level, util::Time horizon) {
  if (auto derived = derive_from(state, level, horizon); !derived) return derived.error();
  Database& database = *state.database;
  std::uint64_t gone = 0;
  database.begin();
  for (const auto& [id, series] : state.catalogue.all()) {
    database.run("DELETE FROM pane WHERE level = ? AND series = ? AND start < ?", std::int64_t{level.seconds}, id,
                 horizon.ns);
    gone += static_cast<std::uint64_t>(database.number("SELECT changes()"));
  }
  Dirty::remove_before(database, level.seconds, horizon);
  state.levels.write_horizon(database, level.seconds, horizon);
  if (auto done = database.commit(); !done) return done.error();
  state.dirty.cleaned_before(level.seconds, horizon);
  state.levels.raised(level.seconds, horizon);
  return gone;
}

/// What is beyond a limit goes at once; all else is looked through with each step of the coarsest level.
util::Result<void> forget_names(State& state, util::Time now) {
  const std::int64_t lowest = state.journal.lowest();
  if (auto forgot = forget_sources(state, state.catalogue.beyond_limits(lowest)); !forgot) return forgot;
  const std::size_t coarsest = state.levels.size() - 1;
  const util::Time time = aligned(reached(state, now), state.levels.seconds(coarsest));
  if (time <= state.names_checked) return {};
  const util::Time horizon = state.levels.horizon(coarsest), boot_horizon = before(time, boots_keep_seconds);
  if (auto forgot = forget_sources(state, state.catalogue.ended_before(horizon, boot_horizon, lowest)); !forgot)
    return forgot;
  auto forgot = forget_series(state);
  if (forgot) state.names_checked = time;
  return forgot;
}

util::Result<void> prune_by_time(State& state, util::Time now) {
  for (const Pruned& level : pruned_levels(state.levels)) {
    const util::Time horizon = aligned(before(reached(state, now), level.keep_seconds), level.step);
    if (horizon <= level.horizon) continue;
    auto gone = raise(state, level, horizon);
    if (!gone) return gone.error();
    state.counters.pruned += *gone;
  }
  return {};
}

std::optional<util::Time> oldest_pane(State& state, std::uint32_t level) {
  std::optional<util::Time> oldest;
  for (const auto& [id, series] : state.catalogue.all())
    state.database->each(
        "SELECT start FROM pane WHERE level = ? AND series = ? ORDER BY start LIMIT 1",
        [&](const Row& row) { oldest = std::min(oldest.value_or(util::Time{row.number(0)}), {row.number(0)}); },
        std::int64_t{level}, id);
  return oldest;
}

/// A little later than the oldest of the finest level that has anything which is over. Nothing: there is none.
std::optional<std::pair<Pruned, util::Time>> next_for_room(State& state, util::Time now) {
  for (const Pruned& level : pruned_levels(state.levels)) {
    const util::Time end = aligned(reached(state, now), level.step);
    const auto oldest = oldest_pane(state, level.seconds);
    if (!oldest || *oldest >= end) continue;
    const util::Time later{oldest->ns + (end.ns - oldest->ns) / steps_for_room};
    const util::Time horizon = std::min(after(aligned(later, level.step), level.step), end);
    if (horizon > level.horizon) return std::pair(level, horizon);
  }
  return std::nullopt;
}

std::uint64_t used_octets(Database& database) {
  const std::int64_t pages = database.number("PRAGMA page_count") - database.number("PRAGMA freelist_count");
  return static_cast<std::uint64_t>(pages * database.number("PRAGMA page_size"));
}

/// What the levels promise and the size of the file does not hold.
void note_short_of_room(State& state, util::Time now) {
  std::vector<std::string> kept;
  for (const Pruned& level : pruned_levels(state.levels)) {
    const double hours = util::seconds_between(level.horizon, reached(state, now)) / 3600;
    const double promised = static_cast<double>(level.keep_seconds) / 3600;
    if (level.keep_seconds > 0 && hours < promised)
      kept.push_back(fmt::format("those of {} s for {:.1f} hours, not {:.0f}", level.seconds, hours, promised));
  }
  state.notes.push_back(
      fmt::format("{}: panes go before their time from now on, since the history may take {} MiB (limit_mib): at the "
                  "moment it keeps {}; docs/operations.md says how much how many servers need",
                  state.database->path(), state.config.limit_mib, fmt::join(kept, ", ")));
}

util::Result<void> prune_for_room(State& state, util::Time now) {
  const std::uint64_t limit = state.config.limit_mib << 20;
  std::uint64_t gone = 0;
  for (int step = 0; step < most_steps && used_octets(*state.database) > limit; ++step) {
    const auto next = next_for_room(state, now);
    if (!next) break;
    // Coarser levels reach back at least as far as finer ones.
    for (const Pruned& level : pruned_levels(state.levels)) {
      const bool is_coarser = level.seconds > next->first.seconds;
      if (is_coarser || level.horizon >= next->second) continue;
      auto removed = raise(state, level, aligned(next->second, level.step));
      if (!removed) return removed.error();
      gone += *removed;
    }
  }
  state.counters.pruned_for_room += gone;
  if (gone > 0 && !std::exchange(state.is_short_of_room, true)) note_short_of_room(state, now);
  // Steps leave a file that is full a little below its limit: that is the same trouble still.
  if (used_octets(*state.database) < limit - limit / 10) state.is_short_of_room = false;
  return state.database->outcome();
}

}  // namespace

util::Result<void> prune(State& state, util::Time now) {
  if (auto pruned = prune_by_time(state, now); !pruned) return pruned;
  if (auto forgot = forget_names(state, now); !forgot) return forgot;
  if (auto pruned = prune_for_room(state, now); !pruned) return pruned;
  if (state.database->number("PRAGMA freelist_count") > freed_pages_kept)
    state.database->script("PRAGMA incremental_vacuum(1000)");
  state.counters.database_octets = static_cast<std::uint64_t>(state.database->number("PRAGMA page_count") *
                                                              state.database->number("PRAGMA page_size"));
  return state.database->outcome();
}

}  // namespace rata::store
