#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "store/state.h"

namespace rata::store {
namespace {

constexpr std::int64_t steps_for_room = 50;  // of what a level holds, so that one step is 2 %
constexpr int most_steps = 4;                // a call, so that commits do not wait long
constexpr std::int64_t freed_pages_kept = 1024;

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

/// Returns how many panes went.
util::Result<std::uint64_t> raise(State& state, const Pruned& level, util::Time horizon) {
  if (auto derived = derive_from(state, level, horizon); !derived) return derived.error();
  Database& database = *state.database;
  const bool is_last = level.place && *level.place + 1 == state.levels.size();
  std::vector<const Source*> ended;
  if (is_last) ended = state.catalogue.ended_before(horizon);
  std::uint64_t gone = 0;
  database.begin();
  for (const auto& [id, series] : state.catalogue.all()) {
    database.run("DELETE FROM pane WHERE level = ? AND series = ? AND start < ?", std::int64_t{level.seconds}, id,
                 horizon.ns);
    gone += static_cast<std::uint64_t>(database.number("SELECT changes()"));
  }
  Dirty::remove_before(database, level.seconds, horizon);
  state.levels.write_horizon(database, level.seconds, horizon);
  remove_sources(database, ended);
  if (auto done = database.commit(); !done) return done.error();
  state.dirty.cleaned_before(level.seconds, horizon);
  state.levels.raised(level.seconds, horizon);
  state.catalogue.forget(ended);
  return gone;
}

util::Result<void> prune_by_time(State& state) {
  for (const Pruned& level : pruned_levels(state.levels)) {
    const util::Time oldest{state.newest.ns - static_cast<std::int64_t>(level.keep_seconds) * util::ns_per_second};
    const util::Time horizon = aligned(oldest, level.step);
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
std::optional<std::pair<Pruned, util::Time>> next_for_room(State& state) {
  for (const Pruned& level : pruned_levels(state.levels)) {
    const util::Time end = aligned(state.newest, level.step);
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

util::Result<void> prune_for_room(State& state) {
  const std::uint64_t limit = state.config.limit_mib << 20;
  std::uint64_t gone = 0;
  for (int step = 0; step < most_steps && used_octets(*state.database) > limit; ++step) {
    const auto next = next_for_room(state);
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
  if (gone > 0)
    state.notes.push_back(
        fmt::format("{}: {} panes of the finest level that there is went before their time, since "
                    "the history may take {} MiB (limit_mib)",
                    state.database->path(), gone, state.config.limit_mib));
  return state.database->outcome();
}

}  // namespace

util::Result<void> prune(State& state) {
  if (auto pruned = prune_by_time(state); !pruned) return pruned;
  if (auto pruned = prune_for_room(state); !pruned) return pruned;
  if (state.database->number("PRAGMA freelist_count") > freed_pages_kept)
    state.database->script("PRAGMA incremental_vacuum(1000)");
  state.counters.database_octets = static_cast<std::uint64_t>(state.database->number("PRAGMA page_count") *
                                                              state.database->number("PRAGMA page_size"));
  return state.database->outcome();
}

}  // namespace rata::store
