#include "store/catalogue.h"

#include <algorithm>
#include <utility>

namespace rata::store {

bool is_in(const std::map<std::string, std::vector<std::string>>& groups, const std::string& group,
           const std::string& server) {
  const auto servers = groups.find(group);
  return servers != groups.end() && std::ranges::find(servers->second, server) != servers->second.end();
}

std::vector<Series> read_series(Database& database) {
  std::vector<Series> all;
  database.each("SELECT id, kind, name, monitor, reducer, form, first, last, finest, coarse FROM series ORDER BY id",
                [&](const Row& row) {
                  all.push_back({.id = row.number(0),
                                 .kind = static_cast<Kind>(row.number(1)),
                                 .name = std::string(row.text(2)),
                                 .monitor = std::string(row.text(3)),
                                 .reducer = std::string(row.text(4)),
                                 .form = std::string(row.text(5)),
                                 .first = {row.number(6)},
                                 .last = {row.number(7)},
                                 .finest = static_cast<std::uint32_t>(row.number(8)),
                                 .coarse_until = {row.number(9)},
                                 .is_changed = false});
                });
  return all;
}

util::Result<void> Catalogue::load(Database& database) {
  for (Series& one : read_series(database)) {
    auto owned = std::make_unique<Series>(std::move(one));
    by_id_[owned->id] = owned.get();
    SeriesName name(owned->kind, owned->name, owned->monitor, owned->reducer);
    series_.emplace(std::move(name), std::move(owned));
  }
  database.each("SELECT id, series, boot FROM source", [&](const Row& row) {
    const auto series = by_id_.find(row.number(1));
    if (series == by_id_.end()) return database.fail("table source names a series that there is not; it is damaged");
    auto owned = std::make_unique<Source>();
    *owned = {.id = row.number(0), .series = series->second, .boot = std::string(row.text(2)), .is_stored = true};
    source_by_id_[owned->id] = owned.get();
    if (++owned->series->boots > most_boots) crowded_.insert(owned->series->id);
    SourceName name(owned->series->id, owned->boot);
    sources_.emplace(std::move(name), std::move(owned));
  });
  database.each("SELECT source, first, last, begins, ends FROM ledger", [&](const Row& row) {
    const auto source = source_by_id_.find(row.number(0));
    if (source == source_by_id_.end())
      return database.fail("table ledger names a source that there is not; it is damaged");
    const Ranges::Range range{static_cast<std::uint64_t>(row.number(2)), {row.number(3)}, {row.number(4)}};
    source->second->seen.put(static_cast<std::uint64_t>(row.number(1)), range);
    source->second->written.put(static_cast<std::uint64_t>(row.number(1)), range);
  });
  return database.outcome();
}

const Source* Catalogue::find(const summary::Summary& summary) const {
  const auto series = series_.find({Kind::monitor, summary.server, summary.monitor, summary.type});
  if (series == series_.end()) return nullptr;
  const auto source = sources_.find({series->second->id, summary.id.boot});
  return source == sources_.end() ? nullptr : source->second.get();
}

bool Catalogue::has_room_for(const summary::Summary& summary) const {
  return series_.size() < most_series ||
         series_.contains({Kind::monitor, summary.server, summary.monitor, summary.type});
}

Series& Catalogue::add(SeriesName name) {
  std::unique_ptr<Series>& series = series_[name];
  if (series) return *series;
  series = std::make_unique<Series>();
  series->id = by_id_.empty() ? 1 : by_id_.rbegin()->first + 1;
  std::tie(series->kind, series->name, series->monitor, series->reducer) = std::move(name);
  by_id_[series->id] = series.get();
  changed_.push_back(series.get());
  return *series;
}

Source& Catalogue::source(const summary::Summary& summary) {
  Series& series = add({Kind::monitor, summary.server, summary.monitor, summary.type});
  if (series.form.empty()) series.form = merge_rule(summary.data);
  std::unique_ptr<Source>& source = sources_[{series.id, summary.id.boot}];
  if (source) return *source;
  source = std::make_unique<Source>();
  source->id = source_by_id_.empty() ? 1 : source_by_id_.rbegin()->first + 1;
  source->series = &series;
  source->boot = summary.id.boot;
  source_by_id_[source->id] = source.get();
  new_.push_back(source.get());
  if (++series.boots > most_boots || sources_.size() > most_sources) crowded_.insert(series.id);
  return *source;
}

const std::vector<Series*>& Catalogue::scopes_of(const Series& series) {
  const auto [place, is_new] = scopes_.try_emplace(series.id);
  std::vector<Series*>& scopes = place->second;
  if (!is_new) return scopes;
  scopes.push_back(&add({Kind::total, "", "", series.reducer}));
  for (const auto& [group, servers] : groups_)
    if (is_in(groups_, group, series.name)) scopes.push_back(&add({Kind::group, group, "", series.reducer}));
  for (Series* scope : scopes)
    if (scope->form.empty()) scope->form = series.form;
  return scopes;
}

std::optional<std::vector<std::int64_t>> Catalogue::members_of(std::int64_t series) const {
  const Series& scope = *by_id_.at(series);
  if (scope.kind == Kind::monitor) return std::nullopt;
  std::vector<std::int64_t> members;
  for (const auto& [id, one] : by_id_)
    if (one->kind == Kind::monitor && one->reducer == scope.reducer &&
        (scope.kind == Kind::total || is_in(groups_, scope.name, one->name)))
      members.push_back(id);
  return members;
}

void Catalogue::set_groups(std::map<std::string, std::vector<std::string>> groups) {
  groups_ = std::move(groups);
  scopes_.clear();
}

void Catalogue::cover(Series& series, util::Time from, util::Time until, std::uint32_t level) {
  if (series.finest == 0) series.first = from;
  series.first = std::min(series.first, from);
  series.last = std::max(series.last, until);
  series.finest = series.finest == 0 ? level : std::min(series.finest, level);
  if (level != fine_seconds) series.coarse_until = std::max(series.coarse_until, until);
  if (!series.is_changed) changed_.push_back(&series);
  series.is_changed = true;
}

void Catalogue::write_changes(Database& database) const {
  for (const Series* const series : changed_)
    database.run(
        "INSERT INTO series(id, kind, name, monitor, reducer, form, first, last, finest, coarse) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT(id) DO UPDATE SET first = excluded.first, last = excluded.last, finest = excluded.finest, "
        "coarse = excluded.coarse",
        series->id, static_cast<std::int64_t>(series->kind), std::string_view(series->name),
        std::string_view(series->monitor), std::string_view(series->reducer), std::string_view(series->form),
        series->first.ns, series->last.ns, std::int64_t{series->finest}, series->coarse_until.ns);
  for (const Source* const source : new_)
    database.run("INSERT INTO source(id, series, boot) VALUES (?, ?, ?)", source->id, source->series->id,
                 std::string_view(source->boot));
}

void Catalogue::changes_written() {
  for (Series* const series : changed_) series->is_changed = false;
  for (Source* const source : new_) source->is_stored = true;
  changed_.clear();
  new_.clear();
}

util::Time Source::last() const {
  util::Time last;
  for (const auto& [first, range] : seen.all()) last = std::max(last, range.ends);
  return last;
}

std::vector<const Source*> Catalogue::ended_before(util::Time horizon, util::Time boot_horizon,
                                                   std::int64_t lowest) const {
  std::map<const Series*, util::Time> newest;
  for (const auto& [id, source] : source_by_id_) {
    const util::Time last = source->last();
    const auto place = newest.try_emplace(source->series, last).first;
    place->second = std::max(place->second, last);
  }
  std::vector<const Source*> ended;
  for (const auto& [id, source] : source_by_id_) {
    const util::Time last = source->last();
    const bool is_replaced = last < boot_horizon && last < newest.at(source->series);
    if (source->is_done(lowest) && (last < horizon || is_replaced)) ended.push_back(source);
  }
  return ended;
}

std::vector<const Source*> Catalogue::beyond_limits(std::int64_t lowest) {
  std::vector<const Source*> beyond;
  for (const std::int64_t id : std::exchange(crowded_, {})) {
    std::vector<std::pair<util::Time, const Source*>> boots;
    for (auto one = sources_.lower_bound({id, ""}); one != sources_.end() && one->first.first == id; ++one)
      boots.emplace_back(one->second->last(), one->second.get());
    std::size_t excess = boots.size() - std::min(boots.size(), most_boots);
    if (sources_.size() > most_sources) excess = std::max(excess, boots.size() / 2);
    if (excess > 0) crowded_.insert(id);  // until it is done
    std::ranges::sort(boots);
    boots.resize(excess);
    for (const auto& [last, source] : boots)
      if (source->is_done(lowest)) beyond.push_back(source);
  }
  return beyond;
}

void Catalogue::forget(const std::vector<const Source*>& sources) {
  for (const Source* const source : sources) {
    --source->series->boots;
    source_by_id_.erase(source->id);
    sources_.erase({source->series->id, source->boot});
  }
}

void Catalogue::forget(const std::vector<const Series*>& series) {
  if (!series.empty()) scopes_.clear();
  for (const Series* const one : series) {
    by_id_.erase(one->id);
    series_.erase({one->kind, one->name, one->monitor, one->reducer});
  }
}

}  // namespace rata::store
