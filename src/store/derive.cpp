#include <algorithm>
#include <utility>

#include "store/state.h"

namespace rata::store {
namespace {

constexpr std::uint32_t most_patience_seconds = 3600;
constexpr std::size_t most_aside = 64;  // a pane of all servers has some 100 kB

bool is_due(const Key& key, util::Time touched, util::Time reached, util::Time now, std::uint32_t settle) {
  if (now < touched) return true;  // the clock was set back
  const bool is_over = reached >= after(key.start, key.level);
  const bool is_quiet = now >= after(touched, std::max(settle, std::min(key.level, most_patience_seconds)));
  return is_quiet || (is_over && now >= after(touched, settle));
}

/// In the transaction that runs.
void write_derived(State& state, const Key& key, const std::optional<std::string>& lines) {
  const auto level = std::int64_t{key.level};
  if (lines && lines->empty())
    state.database->run("DELETE FROM pane WHERE level = ? AND series = ? AND start = ? AND part = 0", level, key.series,
                        key.start.ns);
  else if (lines)
    state.database->run("INSERT OR REPLACE INTO pane(level, series, start, part, lines) VALUES (?, ?, ?, 0, ?)", level,
                        key.series, key.start.ns, Blob{*lines});
  Dirty::remove(*state.database, key);
}

util::Result<void> end_derived(State& state, const std::vector<Key>& keys) {
  if (auto done = state.database->commit(); !done) return done;
  state.dirty.cleaned(keys);
  state.counters.panes_derived += keys.size();
  return {};
}

/// Writes what was made aside, unless that is out of date by now.
util::Result<void> take_derived(State& state) {
  const std::vector<Derived> made = state.deriver.take();
  state.counters.unreadable += state.deriver.take_unreadable();
  if (made.empty()) return {};
  std::vector<Key> keys;
  state.database->begin();
  for (const Derived& one : made) {
    if (!state.dirty.is_still(one.key, one.mark)) continue;
    write_derived(state, one.key, one.lines);
    keys.push_back(one.key);
  }
  return end_derived(state, keys);
}

/// Keys of dirty panes, by level, and scopes after what they are made of.
template <typename Suits>
std::vector<Key> dirty_keys(const State& state, Suits suits) {
  std::vector<Key> keys, of_scopes;
  const auto append_scopes = [&] {
    keys.insert(keys.end(), of_scopes.begin(), of_scopes.end());
    of_scopes.clear();
  };
  for (const auto& [key, touched] : state.dirty.all()) {
    if (!of_scopes.empty() && of_scopes.front().level != key.level) append_scopes();
    const Series& series = state.catalogue.series(key.series);
    if (suits(key, touched, series)) (series.kind == Kind::monitor ? keys : of_scopes).push_back(key);
  }
  append_scopes();
  return keys;
}

/// The first of those whose time is over: none that is made of another of them, which would be made twice.
std::vector<Derivation> next_due(const State& state, util::Time now) {
  const std::vector<Key> due =
      dirty_keys(state, [&](const Key& key, const Dirty::Touched& touched, const Series& series) {
        return is_due(key, touched.time, series.last, now, state.config.settle_seconds);
      });
  std::vector<Derivation> next;
  for (const Key& key : due) {
    Derivation one{key, state.dirty.all().at(key).mark, state.catalogue.members_of(key.series)};
    const bool is_alike = next.empty() || (next.front().key.level == key.level &&
                                           next.front().members.has_value() == one.members.has_value());
    if (!is_alike || next.size() == most_aside) break;
    next.push_back(std::move(one));
  }
  return next;
}

}  // namespace

util::Result<bool> derive_aside(State& state, util::Time now) {
  if (auto taken = take_derived(state); !taken) return taken.error();
  std::string trouble = state.deriver.trouble();
  if (!state.deriver.is_busy()) state.deriver.post(next_due(state, now), state.levels);
  if (!trouble.empty()) return util::Error{std::move(trouble)};
  return state.deriver.is_busy();
}

util::Result<void> derive_all(State& state) {
  return derive(state, dirty_keys(state, [](const Key&, const Dirty::Touched&, const Series&) { return true; }));
}

util::Result<void> derive(State& state, const std::vector<Key>& keys) {
  if (keys.empty()) return {};
  PaneReader reader = state.reader();
  state.database->begin();
  for (const Key& key : keys) write_derived(state, key, derived_lines(reader, key, state.config.table_rows));
  state.counters.unreadable += reader.unreadable();
  return end_derived(state, keys);
}

}  // namespace rata::store
