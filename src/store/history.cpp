#include "store/history.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "store/catalogue.h"
#include "store/gaps.h"
#include "store/levels.h"
#include "store/pane_reader.h"
#include "store/schema.h"

namespace rata::store {
namespace {

using Groups = std::map<std::string, std::vector<std::string>>;

/// One state of the file, as one question sees it.
class Snapshot {
 public:
  Snapshot(Database& database, Levels& levels, const Groups& groups)
      : database_(database),
        levels_(levels),
        groups_(groups),
        reader_(database, levels, [this](std::int64_t id) { return members_of(id); }) {}

  /// Begins; errors of what it reads come with `end`.
  void begin() {
    database_.begin();
    series_ = read_series(database_);
    if (auto loaded = levels_.load(database_); !loaded) database_.fail(loaded.error().message);
  }
  util::Result<void> end() { return database_.commit(); }

  const std::vector<Series>& series() const { return series_; }
  const Levels& levels() const { return levels_; }
  /// Panes of a scope, by start; of single seconds by second. What is asked for of several is merged.
  PanesByStart panes(const Query& query, std::uint32_t level, util::Time from, util::Time until);
  /// The finest level that has all that a query is about, 0 when there is nothing.
  std::uint32_t finest(const Query& query) const;
  /// From when on single seconds have all of it. Nothing: from no time on.
  std::optional<util::Time> whole_seconds_since(const Query& query) const;

 private:
  bool is_asked_for(const Series& one, const Query& query) const;
  bool is_member(const Series& one, Kind kind, const std::string& name, const std::string& reducer) const;
  std::optional<std::vector<std::int64_t>> members_of(std::int64_t id) const;
  /// The series whose panes are the answer, side by side.
  std::vector<std::int64_t> answering(const Query& query, std::uint32_t level) const;

  Database& database_;
  Levels& levels_;
  const Groups& groups_;
  std::vector<Series> series_;
  PaneReader reader_;
};

bool Snapshot::is_member(const Series& one, Kind kind, const std::string& name, const std::string& reducer) const {
  return one.kind == Kind::monitor && one.reducer == reducer &&
         (kind == Kind::total || (kind == Kind::group && is_in(groups_, name, one.name)));
}

std::optional<std::vector<std::int64_t>> Snapshot::members_of(std::int64_t id) const {
  const auto scope = std::ranges::find(series_, id, &Series::id);
  if (scope == series_.end() || scope->kind == Kind::monitor) return std::nullopt;
  std::vector<std::int64_t> members;
  for (const Series& one : series_)
    if (is_member(one, scope->kind, scope->name, scope->reducer)) members.push_back(one.id);
  return members;
}

bool Snapshot::is_asked_for(const Series& one, const Query& query) const {
  if (query.scope.kind == Scope::Kind::server)
    return one.kind == Kind::monitor && one.reducer == query.reducer && one.name == query.scope.name;
  return is_member(one, query.scope.kind == Scope::Kind::total ? Kind::total : Kind::group, query.scope.name,
                   query.reducer);
}

std::vector<std::int64_t> Snapshot::answering(const Query& query, std::uint32_t level) const {
  std::vector<std::int64_t> ids;
  const bool has_own = query.scope.kind != Scope::Kind::server && level != fine_seconds;
  const Kind kind = query.scope.kind == Scope::Kind::total ? Kind::total : Kind::group;
  for (const Series& one : series_) {
    const bool is_own = one.kind == kind && one.name == query.scope.name && one.reducer == query.reducer;
    if (has_own ? is_own : is_asked_for(one, query)) ids.push_back(one.id);
  }
  return ids;
}

PanesByStart Snapshot::panes(const Query& query, std::uint32_t level, util::Time from, util::Time until) {
  PanesByStart all;
  const std::vector<std::int64_t> ids = answering(query, level);
  const util::Time first = aligned(from, level == fine_seconds ? levels_.base() : level);
  for (const std::int64_t id : ids)
    for (auto& [start, pane] : reader_.panes(level, id, first, until))
      for (summary::Summary& part : pane) {
        const util::Time its_start = aligned(part.window.start, level);
        if (its_start < aligned(from, level) || its_start >= until) continue;
        add(all[its_start], std::move(part), summary::Relation::side_by_side, level);
      }
  const bool is_server = query.scope.kind == Scope::Kind::server;
  for (auto& [start, pane] : all)
    for (summary::Summary& part : pane) {
      part.id = {};
      if (!is_server) part.server.clear();
      if (!is_server || ids.size() > 1) part.monitor.clear();
    }
  return all;
}

std::uint32_t Snapshot::finest(const Query& query) const {
  const auto since = whole_seconds_since(query);
  if (since && *since <= query.from) return fine_seconds;
  std::uint32_t finest = 0;
  for (const Series& one : series_) {
    if (one.finest == 0 || !is_asked_for(one, query)) continue;
    const std::uint32_t own = std::max(one.finest, levels_.base());
    finest = finest == 0 ? own : std::min(finest, own);
  }
  return finest;
}

std::optional<util::Time> Snapshot::whole_seconds_since(const Query& query) const {
  std::optional<util::Time> since;
  for (const Series& one : series_) {
    if (one.finest == 0 || !is_asked_for(one, query)) continue;
    if (one.finest != fine_seconds && one.last > query.from) return std::nullopt;
    since = std::max(since.value_or(one.coarse_until), one.coarse_until);
  }
  return since;
}

std::uint64_t points(const Query& query, std::uint32_t level) {
  const std::int64_t length = query.to.ns - aligned(query.from, level).ns;
  const std::int64_t pane = std::int64_t{level} * util::ns_per_second;
  return length <= 0 ? 0 : static_cast<std::uint64_t>((length + pane - 1) / pane);
}

/// The finest that keeps the start and does not give too much; else the coarsest.
std::uint32_t best_level(const Snapshot& snapshot, const Query& query) {
  const Levels& levels = snapshot.levels();
  const std::uint32_t finest = snapshot.finest(query);
  const auto suits = [&](std::uint32_t seconds, util::Time horizon) {
    return seconds >= finest && horizon <= query.from && points(query, seconds) <= query.points;
  };
  if (finest == fine_seconds && suits(fine_seconds, levels.fine_horizon())) return fine_seconds;
  for (std::size_t level = 0; level < levels.size(); ++level)
    if (suits(levels.seconds(level), levels.horizon(level))) return levels.seconds(level);
  return levels.seconds(levels.size() - 1);
}

util::Result<std::uint32_t> chosen_level(const Snapshot& snapshot, const Query& query) {
  const std::uint32_t level = query.level ? *query.level : best_level(snapshot, query);
  std::vector<std::uint32_t> known = {fine_seconds};
  for (std::size_t i = 0; i < snapshot.levels().size(); ++i) known.push_back(snapshot.levels().seconds(i));
  if (std::ranges::find(known, level) == known.end())
    return util::Error{fmt::format("level {} s is not kept; those of {} s are", level, fmt::join(known, ", "))};
  if (const auto since = snapshot.whole_seconds_since(query);
      level == fine_seconds && snapshot.finest(query) > fine_seconds)
    return util::Error{fmt::format(
        "level 1 s has not all of it: {}; ask for {} s",
        since ? "only from " + util::utc_text(*since) + " on" : "tables are kept so only while they are small",
        snapshot.levels().base())};
  const std::uint64_t wanted = points(query, level);
  if (wanted <= HistoryReader::most_points) return level;
  return util::Error{fmt::format("{} panes of {} s are too many at once; ask for up to {}, or for a coarser level",
                                 wanted, level, HistoryReader::most_points)};
}

/// Nothing in the history starts before 1970, and what is asked for of a time that no clock will show does not overflow
/// when it is aligned.
util::Time possible(util::Time time) {
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 2;  // the year 2116
  return {std::clamp<std::int64_t>(time.ns, 0, most)};
}

Query possible(Query query) {
  query.from = possible(query.from);
  query.to = possible(query.to);
  return query;
}

class OpenReader final : public HistoryReader {
 public:
  OpenReader(std::unique_ptr<Database> database, Levels levels, Groups groups)
      : database_(std::move(database)), levels_(std::move(levels)), groups_(std::move(groups)) {}

  util::Result<History> history(const Query& asked) override;
  util::Result<std::vector<summary::Summary>> merged(const Query& asked) override;
  util::Result<std::vector<Stream>> streams() override;
  util::Result<std::vector<Gap>> gaps(const std::string& server, util::Time from, util::Time to) override {
    return find_gaps(*database_, server, from, to);
  }
  void set_groups(Groups groups) override { groups_ = std::move(groups); }

 private:
  std::unique_ptr<Database> database_;
  Levels levels_;
  Groups groups_;
};

util::Result<History> OpenReader::history(const Query& asked) {
  const Query query = possible(asked);
  Snapshot snapshot(*database_, levels_, groups_);
  snapshot.begin();
  History history;
  const auto level = chosen_level(snapshot, query);
  if (level) {
    history.level = *level;
    for (auto& [start, pane] : snapshot.panes(query, *level, query.from, query.to))
      for (summary::Summary& part : pane) history.points.push_back(std::move(part));
  }
  if (auto read = snapshot.end(); !read) return read.error();
  if (!level) return level.error();
  return history;
}

/// Adds what starts in [from, to): panes of this level that lie inside, and finer ones at the ends. Where there are no
/// finer ones, the panes that the ends lie in count whole.
void cover(Snapshot& snapshot, const Query& query, std::size_t level, util::Time from, util::Time to, Pane& whole) {
  if (from >= to) return;
  const Levels& levels = snapshot.levels();
  const std::uint32_t seconds = levels.seconds(level);
  constexpr std::uint32_t everything = std::numeric_limits<std::uint32_t>::max();  // one stretch, to the year 2106
  const bool may_be_finer = level > 0 && snapshot.finest(query) < seconds;
  const auto has_finer = [&](util::Time start) { return may_be_finer && levels.horizon(level - 1) <= start; };
  util::Time inside = aligned(from, seconds), outside = aligned(to, seconds);
  if (inside < from && has_finer(inside)) {
    inside = after(inside, seconds);
    cover(snapshot, query, level - 1, from, std::min(inside, to), whole);
  }
  if (outside < to && !has_finer(outside))
    outside = after(outside, seconds);
  else if (outside >= inside)
    cover(snapshot, query, level - 1, outside, to, whole);
  if (inside >= outside) return;
  for (auto& [start, pane] : snapshot.panes(query, seconds, inside, outside))
    add(whole, std::move(pane), summary::Relation::consecutive, everything);
}

util::Result<std::vector<summary::Summary>> OpenReader::merged(const Query& asked) {
  const Query query = possible(asked);
  Snapshot snapshot(*database_, levels_, groups_);
  snapshot.begin();
  Pane whole;
  cover(snapshot, query, levels_.size() - 1, query.from, query.to, whole);
  if (auto read = snapshot.end(); !read) return read.error();
  return whole;
}

util::Result<std::vector<Stream>> OpenReader::streams() {
  std::vector<Stream> streams;
  for (Series& one : read_series(*database_))
    if (one.kind == Kind::monitor)
      streams.push_back({one.name, one.monitor, one.reducer, one.form, one.first, one.last,
                         one.coarse_until < one.last ? one.finest : std::max(one.finest, levels_.base())});
  std::ranges::sort(streams, {}, [](const Stream& one) { return std::tie(one.server, one.monitor, one.reducer); });
  if (auto read = database_->outcome(); !read) return read.error();
  return streams;
}

}  // namespace

util::Result<Scope> parse_scope(std::string_view text) {
  if (text == "total") return Scope{};
  for (const auto& [prefix, kind] : {std::pair{"group:", Scope::Kind::group}, {"server:", Scope::Kind::server}})
    if (text.starts_with(prefix)) return Scope{kind, std::string(text.substr(text.find(':') + 1))};
  return util::Error{fmt::format("scope \"{}\": total, group:NAME or server:NAME is possible", text)};
}

util::Result<std::unique_ptr<HistoryReader>> HistoryReader::open(const Config& config) {
  auto levels = Levels::make(config);
  if (!levels) return levels.error();
  auto database = Database::open(config.path, Database::Access::read_only);
  if (!database) return database.error();
  if (auto checked = check_schema(**database); !checked) return checked.error();
  return std::unique_ptr<HistoryReader>(
      std::make_unique<OpenReader>(*std::move(database), *std::move(levels), config.groups));
}

}  // namespace rata::store
