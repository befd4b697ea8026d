#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>

#include "store/state.h"

namespace rata::store {
namespace {

/// What is to be so in memory once it is so in the file.
struct Written {
  std::vector<Key> dirty;
  std::map<Source*, Ranges> ledgers;
  std::map<Source*, std::uint64_t> changed_from;  // ranges below did not change
  std::map<std::int64_t, std::uint64_t> entries;  // of the journal: how many summaries
};

void count(Written& written, const Contribution& contribution) {
  Source* const source = contribution.source;
  const auto ledger = written.ledgers.try_emplace(source, source->written).first;
  const std::uint64_t from = ledger->second.add(contribution.sequence, contribution.begins, contribution.ends);
  const auto lowest = written.changed_from.try_emplace(source, from).first;
  lowest->second = std::min(lowest->second, from);
  ++written.entries[contribution.entry];
}

void write_ledger(Database& database, const Source& source, const Ranges& ranges, std::uint64_t from) {
  database.run("DELETE FROM ledger WHERE source = ? AND first >= ?", source.id, static_cast<std::int64_t>(from));
  for (auto range = ranges.all().lower_bound(from); range != ranges.all().end(); ++range)
    database.run("INSERT INTO ledger(source, first, last, begins, ends) VALUES (?, ?, ?, ?, ?)", source.id,
                 static_cast<std::int64_t>(range->first), static_cast<std::int64_t>(range->second.last),
                 range->second.begins.ns, range->second.ends.ns);
}

void write_ledgers(State& state, Written& written) {
  const std::int64_t lowest = state.journal.lowest_after(written.entries);
  for (auto& [source, ranges] : written.ledgers) {
    std::uint64_t from = written.changed_from[source];
    if (source->boot.empty()) {
      // Numbers made of journal entries: needed only as long as the entry may be replayed.
      ranges.forget_below(Journal::number(lowest, 0));
      from = 0;
    }
    write_ledger(*state.database, *source, ranges, from);
  }
}

/// Where it is kept by now: the level that it was opened for may have given up its time since.
std::optional<Key> placed(const State& state, const Key& key) {
  const auto level = state.levels.place(key.start, key.level);
  if (!level) return std::nullopt;
  const std::uint32_t seconds = state.levels.seconds(*level);
  return Key{seconds, key.series, aligned(key.start, seconds)};
}

void write_one(State& state, const Key& opened, Written& written) {
  const OpenPane& open = state.open.at(opened);
  for (const Contribution& contribution : open.contributions) count(written, contribution);
  const auto key = placed(state, opened);
  if (!key) return;
  write_pane(state, *key, open.pane);
  const util::Time fine_start = aligned(opened.start, state.levels.base());
  if (!open.fine.empty() && fine_start >= state.levels.fine_horizon())
    write_pane(state, {fine_seconds, opened.series, fine_start}, open.fine);
  const Series& series = state.catalogue.series(key->series);
  const auto dirty = Dirty::made_from(*key, series, state.catalogue.scopes_of(series), state.levels);
  written.dirty.insert(written.dirty.end(), dirty.begin(), dirty.end());
}

}  // namespace

namespace {

/// Merges what is there into `pane`. False: that cannot be read.
bool add_written(State& state, const Key& key, std::int64_t part, Pane& pane) {
  bool is_readable = true;
  state.database->each(
      "SELECT lines FROM pane WHERE level = ? AND series = ? AND start = ? AND part = ?",
      [&](const Row& row) {
        auto there = unpacked_pane(row.blob(0));
        is_readable = static_cast<bool>(there);
        if (there) state.counters.forms_lost += add(pane, *std::move(there), summary::Relation::consecutive, key.level);
      },
      std::int64_t{key.level}, key.series, key.start.ns, part);
  return is_readable;
}

}  // namespace

void write_pane(State& state, const Key& key, Pane pane) {
  std::int64_t part = 1;
  for (; !add_written(state, key, part, pane); ++part) ++state.counters.unreadable;
  const std::string octets = packed(std::move(pane), state.config.table_rows);
  state.database->run("INSERT OR REPLACE INTO pane(level, series, start, part, lines) VALUES (?, ?, ?, ?, ?)",
                      std::int64_t{key.level}, key.series, key.start.ns, part, Blob{octets});
}

util::Result<Flushed> write_open(State& state, std::vector<Key> keys, util::Time now, Deadline deadline) {
  if (keys.empty()) return Flushed::all;
  state.counters.forms_lost += state.open.merge(deadline);
  if (!state.open.is_merged()) return Flushed::part;
  Database& database = *state.database;
  Written written;
  database.begin();
  std::size_t done = 0;
  while (done < keys.size() && (done == 0 || std::chrono::steady_clock::now() < deadline))
    write_one(state, keys[done++], written);
  const Flushed flushed = done == keys.size() ? Flushed::all : Flushed::part;
  keys.resize(done);
  state.catalogue.write_changes(database);
  write_ledgers(state, written);
  state.dirty.write(database, written.dirty);
  state.journal.remove_done(database, written.entries);
  if (auto committed = database.commit(); !committed) return committed.error();
  state.catalogue.changes_written();
  state.dirty.marked(written.dirty, now);
  state.journal.removed(written.entries);
  for (auto& [source, ranges] : written.ledgers) {
    if (source->boot.empty() && !ranges.all().empty()) source->seen.forget_below(ranges.all().begin()->first);
    source->written = std::move(ranges);
  }
  state.open.erase(keys);
  state.counters.panes_written += keys.size();
  return flushed;
}

}  // namespace rata::store
