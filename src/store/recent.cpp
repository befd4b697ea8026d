#include "store/recent.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace rata::store {
namespace {

constexpr util::Time always{0}, never{std::numeric_limits<std::int64_t>::max()};
constexpr std::uint32_t most_coarse_seconds = 60;  // in a view of minutes
// The newest first, of all series, then what is older: by the minute, further back in longer steps, so that the
// questions stay few and each answer small.
constexpr std::int64_t shortest_step_ns = 60 * util::ns_per_second, longest_step_ns = 900 * util::ns_per_second;

std::uint64_t packets(const Pane& pane) {
  return std::accumulate(pane.begin(), pane.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const auto& part) { return sum + part.window.packets; });
}

/// By single seconds where these are all that a pane holds: of rates, which are shown second by second.
template <typename APane>
APane& finer(APane& pane, APane& seconds) {
  const bool has_rates = !seconds.empty() && std::holds_alternative<summary::Rates>(seconds.front().data);
  return has_rates && packets(seconds) == packets(pane) ? seconds : pane;
}

/// As summary::merge_rule names them.
bool is_rate(const Series& series) { return series.form == "rate"; }

/// Panes of a level that start in [from, until).
struct Stretch {
  std::uint32_t level = 0;
  util::Time from, until;
};

/// A series, and how it is read.
struct Wanted {
  std::int64_t series = 0;
  bool is_total = false;
  std::string reducer;
  bool is_rate = false;
  std::vector<Stretch> stretches;
  bool is_direct = false;  ///< only what came so: the rest is in finer ones, which are read
};

/// Coarser levels than are read whole: what came so there is of windows that were longer once.
std::vector<Stretch> direct_stretches(const Levels& levels, const std::vector<Stretch>& whole, util::Time since) {
  std::vector<Stretch> direct;
  const Stretch& coarsest = *std::ranges::max_element(whole, {}, &Stretch::level);
  if (coarsest.until < never) direct.push_back({coarsest.level, coarsest.until, never});
  for (std::size_t level = 0; level < levels.size(); ++level)
    if (const std::uint32_t seconds = levels.seconds(level); seconds > coarsest.level)
      direct.push_back({seconds, aligned(since, seconds), never});
  return direct;
}

/// The last minute before `reached` by the finest level that there is, what is older by the next: a table of each is
/// read in a quarter of a millisecond, and of the finest there are many. Rates are all of the finest.
std::vector<Stretch> stretches(const Levels& levels, const Series& series, util::Time since, util::Time reached) {
  const std::uint32_t level = std::max(series.finest, levels.base());
  const std::size_t next = std::min(levels.find(level).value_or(0) + 1, levels.size() - 1);
  const std::uint32_t coarser = levels.seconds(next);
  const util::Time split = aligned({reached.ns - std::int64_t{coarser} * util::ns_per_second}, coarser);
  const util::Time from = aligned(since, coarser);
  if (is_rate(series) || coarser == level || coarser > most_coarse_seconds || from >= split)
    return {{level, aligned(since, level), never}};
  return {{level, split, never}, {coarser, from, split}};
}

/// What was open at that moment.
struct Open {
  util::Time start;
  Pane pane;
};

/// The newest end of what does not run ahead of the clock.
util::Time reached(const State& state, util::Time now) {
  util::Time newest;
  for (const auto& [id, series] : state.catalogue.all())
    if (series->last <= now) newest = std::max(newest, series->last);
  return newest.ns > 0 ? newest : now;
}

class RecentPanes final : public Recent {
 public:
  RecentPanes(State& state, std::unique_ptr<Database> snapshot, std::uint32_t seconds, util::Time now,
              std::size_t most_servers);

  util::Result<Some> next() override;
  bool is_done() const override { return snapshot_ == nullptr && open_.empty(); }
  util::Time full_since() const override { return until_; }
  void add_open() override;

 private:
  void choose_series(std::size_t most_servers);
  Some take_open();
  Some read(Wanted& series);
  Some read_total(Wanted& total);
  Some read_direct(const Wanted& series);
  bool is_over(const Pane& pane) const;
  bool step_back();
  void end_snapshot();

  State& state_;
  std::unique_ptr<Database> snapshot_;  // null: all of it was given, or it cannot be read
  PaneReader reader_;
  util::Time reached_, since_;  // packet time
  util::Time from_, until_;     // the step that is at work; all that is newer was given
  bool is_first_ = true;
  // Rates first: they show soonest who is there. Then totals, then what these are of, and windows that were longer.
  std::vector<Wanted> series_;
  std::size_t place_ = 0;  // among them
  /// By reducer, which panes of the total were given.
  std::map<std::string, std::set<std::pair<std::uint32_t, util::Time>>> given_;
  Some below_total_;        // read, and not given yet
  std::vector<Open> open_;  // ascending by start
};

RecentPanes::RecentPanes(State& state, std::unique_ptr<Database> snapshot, std::uint32_t seconds, util::Time now,
                         std::size_t most_servers)
    : state_(state),
      snapshot_(std::move(snapshot)),
      // Of scopes only what is there as it ought to be: nothing is made of members here.
      reader_(*snapshot_, state.levels, [](std::int64_t) { return std::optional<std::vector<std::int64_t>>(); }),
      reached_(reached(state, now)),
      since_{reached_.ns - std::int64_t{seconds} * util::ns_per_second},
      from_(std::max(since_, util::Time{reached_.ns - shortest_step_ns})),
      until_(now) {
  choose_series(most_servers);
}

/// A single server is its own total, of more than are shown it has too much, and rates are added up when they are
/// shown.
void RecentPanes::choose_series(std::size_t most_servers) {
  std::set<std::string> servers;
  for (const auto& [id, series] : state_.catalogue.all())
    if (series->kind == Kind::monitor && series->last > since_) servers.insert(series->name);
  const bool has_totals = servers.size() > 1 && servers.size() <= most_servers;
  for (const auto& [id, series] : state_.catalogue.all()) {
    const bool is_total = series->kind == Kind::total;
    const bool is_wanted = series->kind == Kind::monitor || (is_total && has_totals && !is_rate(*series));
    if (!is_wanted || series->last <= since_) continue;
    Wanted one{series->id, is_total, series->reducer, is_rate(*series),
               stretches(state_.levels, *series, since_, reached_)};
    series_.push_back(one);
    if (is_total) continue;
    one.stretches = direct_stretches(state_.levels, one.stretches, since_);
    one.is_direct = true;
    series_.push_back(std::move(one));
  }
  const auto place = [](const Wanted& one) { return std::tuple(one.is_direct, !one.is_rate, !one.is_total); };
  std::ranges::stable_sort(series_, {}, place);
}

/// What comes from now on is merged into them, and given to whoever restores in another way.
void RecentPanes::add_open() {
  for (const auto& [key, open] : state_.open.panes())  // few, also where they are old
    open_.push_back({key.start, finer(open.pane, open.fine)});
  std::ranges::stable_sort(open_, {}, &Open::start);
}

Recent::Some RecentPanes::take_open() {
  if (open_.empty() || open_.back().start < from_) return {};
  Pane pane = std::move(open_.back().pane);
  open_.pop_back();
  return {Part::server, std::move(pane)};
}

/// Of what runs ahead of the clock nothing is shown, and it must not take the others with it.
bool RecentPanes::is_over(const Pane& pane) const {
  return std::ranges::all_of(pane, [&](const auto& part) { return end_of(part.window) <= reached_; });
}

/// In the first step, all there is, a bit of it with each call.
Recent::Some RecentPanes::read_total(Wanted& total) {
  constexpr std::int64_t panes_of_a_bit = 32;
  Some some{Part::total, {}};
  if (!is_first_ || total.stretches.empty()) return some;
  Stretch& stretch = total.stretches.back();
  const util::Time until = std::min(stretch.until, after(reached_, stretch.level));
  const util::Time bit = after(stretch.from, panes_of_a_bit * stretch.level);
  for (auto& [start, pane] : reader_.clean_panes(stretch.level, total.series, stretch.from, std::min(bit, until))) {
    if (!is_over(pane)) continue;
    given_[total.reducer].emplace(stretch.level, start);
    for (summary::Summary& part : pane) {
      part.server.clear();
      part.monitor.clear();
      some.summaries.push_back(std::move(part));
    }
  }
  stretch.from = bit;
  if (bit >= until) total.stretches.pop_back();
  if (!total.stretches.empty()) --place_;
  return some;
}

/// In the first step, all there is: there is seldom any.
Recent::Some RecentPanes::read_direct(const Wanted& series) {
  Some some{Part::server, {}};
  if (!is_first_) return some;
  for (const auto& [level, from, until] : series.stretches)
    for (auto& [start, pane] : reader_.direct_panes(level, series.series, from, until))
      std::ranges::move(pane, std::back_inserter(some.summaries));
  return some;
}

Recent::Some RecentPanes::read(Wanted& series) {
  if (series.is_total) return read_total(series);
  if (series.is_direct) return read_direct(series);
  Some alone{Part::server, {}};
  below_total_ = {Part::below_total, {}};
  const auto& given = given_[series.reducer];
  for (const auto& [level, begins, ends] : series.stretches) {
    const util::Time from = std::max(begins, from_), until = std::min(ends, is_first_ ? never : until_);
    if (from >= until) continue;
    PanesByStart panes = reader_.panes(level, series.series, from, until), seconds;
    if (series.is_rate) seconds = reader_.panes(fine_seconds, series.series, from, until);
    for (auto& [start, pane] : panes) {
      Some& some = given.contains({level, start}) ? below_total_ : alone;
      std::ranges::move(finer(pane, seconds[start]), std::back_inserter(some.summaries));
    }
  }
  return alone;
}

/// False: there is nothing older.
bool RecentPanes::step_back() {
  is_first_ = false;
  place_ = 0;
  until_ = from_;
  const std::int64_t step = std::clamp((reached_.ns - until_.ns) / 4, shortest_step_ns, longest_step_ns);
  // The last step has all that panes begin before that moment, and no stretch goes further back than they do.
  from_ = until_.ns - step > since_.ns ? util::Time{until_.ns - step} : always;
  return until_ > always;
}

void RecentPanes::end_snapshot() {
  state_.counters.unreadable += reader_.unreadable();
  snapshot_.reset();
  below_total_ = {};
  from_ = always;  // what is open waits for nothing else
}

util::Result<Recent::Some> RecentPanes::next() {
  Some some = std::exchange(below_total_, {});
  if (some.summaries.empty()) some = take_open();
  if (!some.summaries.empty() || snapshot_ == nullptr) return some;
  if (place_ < series_.size()) {
    some = read(series_[place_++]);
    const auto read = snapshot_->outcome();
    if (read) return some;
    end_snapshot();
    return read.error();
  }
  if (!step_back()) end_snapshot();
  return some;
}

}  // namespace

util::Result<std::unique_ptr<Recent>> recent(State& state, std::uint32_t seconds, util::Time now,
                                             std::size_t most_servers) {
  auto snapshot = Database::open(state.config.path, Database::Access::read_only);
  if (!snapshot) return snapshot.error();
  (*snapshot)->begin();
  // What a transaction sees is fixed by its first question.
  (*snapshot)->number("SELECT count(*) FROM horizon");
  if (auto begun = (*snapshot)->outcome(); !begun) return begun.error();
  return std::unique_ptr<Recent>(
      std::make_unique<RecentPanes>(state, std::move(*snapshot), seconds, now, most_servers));
}

}  // namespace rata::store
