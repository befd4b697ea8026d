#include <algorithm>
#include <chrono>
#include <utility>

#include "store/state.h"

namespace rata::store {
namespace {

constexpr std::uint32_t most_patience_seconds = 3600;

bool is_due(const Key& key, util::Time touched, util::Time reached, util::Time now, std::uint32_t settle) {
  if (now < touched) return true;  // the clock was set back
  const bool is_over = reached >= after(key.start, key.level);
  const bool is_quiet = now >= after(touched, std::max(settle, std::min(key.level, most_patience_seconds)));
  return is_quiet || (is_over && now >= after(touched, settle));
}

void derive_one(State& state, PaneReader& reader, const Key& key) {
  auto pane = reader.derived(key);
  const auto level = std::int64_t{key.level};
  if (!pane) return Dirty::remove(*state.database, key);
  if (pane->empty()) {
    state.database->run("DELETE FROM pane WHERE level = ? AND series = ? AND start = ? AND part = 0", level, key.series,
                        key.start.ns);
  } else {
    const std::string octets = packed(*std::move(pane), state.config.table_rows);
    state.database->run("INSERT OR REPLACE INTO pane(level, series, start, part, lines) VALUES (?, ?, ?, 0, ?)", level,
                        key.series, key.start.ns, Blob{octets});
  }
  Dirty::remove(*state.database, key);
}

}  // namespace

std::vector<Key> due(const State& state, util::Time now, bool all) {
  // By level, and scopes after what they are made of, so that nothing is made twice.
  std::vector<Key> keys, of_scopes;
  const auto append_scopes = [&] {
    keys.insert(keys.end(), of_scopes.begin(), of_scopes.end());
    of_scopes.clear();
  };
  for (const auto& [key, touched] : state.dirty.all()) {
    if (!of_scopes.empty() && of_scopes.front().level != key.level) append_scopes();
    const Series& series = state.catalogue.series(key.series);
    if (!all && !is_due(key, touched, series.last, now, state.config.settle_seconds)) continue;
    (series.kind == Kind::monitor ? keys : of_scopes).push_back(key);
  }
  append_scopes();
  return keys;
}

util::Result<Flushed> derive(State& state, std::vector<Key> keys, Deadline deadline) {
  if (keys.empty()) return Flushed::all;
  PaneReader reader = state.reader();
  state.database->begin();
  std::size_t made = 0;
  while (made < keys.size() && (made == 0 || std::chrono::steady_clock::now() < deadline))
    derive_one(state, reader, keys[made++]);
  const Flushed flushed = made == keys.size() ? Flushed::all : Flushed::part;
  keys.resize(made);
  state.counters.unreadable += reader.unreadable();
  if (auto done = state.database->commit(); !done) return done.error();
  state.dirty.cleaned(keys);
  state.counters.panes_derived += keys.size();
  return flushed;
}

}  // namespace rata::store
