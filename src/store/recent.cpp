#include "store/recent.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <optional>
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

/// By single seconds where these are all that a pane holds.
Pane& finer(Pane& pane, Pane& seconds) {
  return !seconds.empty() && packets(seconds) == packets(pane) ? seconds : pane;
}

/// Panes of a level that start in [from, until).
struct Stretch {
  std::uint32_t level = 0;
  util::Time from, until;
};

/// How a series is read.
struct Wanted {
  std::int64_t series = 0;
  bool has_seconds = false;
  std::vector<Stretch> stretches;
};

/// The last of them by the finest level that there is, what is older by the next: a table of each is read in a quarter
/// of a millisecond, and of the finest there are many.
Wanted wanted(const State& state, const Series& series, util::Time since) {
  if (series.finest == fine_seconds)
    return {series.id, true, {{state.levels.base(), aligned(since, state.levels.base()), never}}};
  const std::uint32_t level = std::max(series.finest, state.levels.base());
  const std::size_t next = std::min(state.levels.find(level).value_or(0) + 1, state.levels.size() - 1);
  const std::uint32_t coarser = state.levels.seconds(next);
  const util::Time split = aligned({series.last.ns - std::int64_t{coarser} * util::ns_per_second}, coarser);
  const util::Time from = aligned(since, coarser);
  if (coarser == level || coarser > most_coarse_seconds || from >= split)
    return {series.id, false, {{level, aligned(since, level), never}}};
  return {series.id, false, {{level, split, never}, {coarser, from, split}}};
}

/// What was open at that moment.
struct Open {
  util::Time start;
  Pane pane;
};

class RecentPanes final : public Recent {
 public:
  RecentPanes(State& state, std::unique_ptr<Database> snapshot, std::uint32_t seconds, util::Time now);

  util::Result<std::vector<summary::Summary>> next() override;
  bool is_done() const override { return snapshot_ == nullptr && open_.empty(); }
  util::Time full_since() const override { return until_; }
  void add_open() override;

 private:
  std::vector<summary::Summary> take_open();
  std::vector<summary::Summary> read(const Wanted& series);
  bool step_back();
  void end_snapshot();

  State& state_;
  std::unique_ptr<Database> snapshot_;  // null: all of it was given, or it cannot be read
  PaneReader reader_;
  util::Time reached_, since_;  // packet time
  util::Time from_, until_;     // the step that is at work; all that is newer was given
  bool is_first_ = true;
  std::vector<Wanted> series_;
  std::size_t place_ = 0;   // among them
  std::vector<Open> open_;  // ascending by start
};

RecentPanes::RecentPanes(State& state, std::unique_ptr<Database> snapshot, std::uint32_t seconds, util::Time now)
    : state_(state),
      snapshot_(std::move(snapshot)),
      // Only series of monitors are read here, which have no members.
      reader_(*snapshot_, state.levels, [](std::int64_t) { return std::optional<std::vector<std::int64_t>>(); }),
      reached_(state.newest.ns > 0 ? std::min(state.newest, now) : now),
      since_{reached_.ns - std::int64_t{seconds} * util::ns_per_second},
      from_(std::max(since_, util::Time{reached_.ns - shortest_step_ns})),
      until_(now) {
  for (const auto& [id, series] : state.catalogue.all())
    if (series->kind == Kind::monitor && series->last > since_) series_.push_back(wanted(state, *series, since_));
  // What is small first: that shows soonest who is there.
  std::ranges::stable_partition(series_, &Wanted::has_seconds);
}

/// What comes from now on is merged into them, and given to whoever restores in another way.
void RecentPanes::add_open() {
  for (const auto& [key, open] : state_.open.panes()) {  // few, also where they are old
    const bool by_seconds = !open.fine.empty() && packets(open.fine) == packets(open.pane);
    open_.push_back({key.start, by_seconds ? open.fine : open.pane});
  }
  std::ranges::stable_sort(open_, {}, &Open::start);
}

std::vector<summary::Summary> RecentPanes::take_open() {
  if (open_.empty() || open_.back().start < from_) return {};
  Pane pane = std::move(open_.back().pane);
  open_.pop_back();
  return pane;
}

std::vector<summary::Summary> RecentPanes::read(const Wanted& series) {
  std::vector<summary::Summary> all;
  const auto append = [&](Pane& pane) {
    all.insert(all.end(), std::make_move_iterator(pane.begin()), std::make_move_iterator(pane.end()));
  };
  for (const Stretch& stretch : series.stretches) {
    const util::Time from = std::max(stretch.from, from_);
    const util::Time until = std::min(stretch.until, is_first_ ? never : until_);
    if (from >= until) continue;
    PanesByStart panes = reader_.panes(stretch.level, series.series, from, until), seconds;
    if (series.has_seconds) seconds = reader_.panes(fine_seconds, series.series, from, until);
    for (auto& [start, pane] : panes) append(finer(pane, seconds[start]));
  }
  return all;
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
  from_ = always;  // what is open waits for nothing else
}

util::Result<std::vector<summary::Summary>> RecentPanes::next() {
  std::vector<summary::Summary> some = take_open();
  if (!some.empty() || snapshot_ == nullptr) return some;
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

util::Result<std::unique_ptr<Recent>> recent(State& state, std::uint32_t seconds, util::Time now) {
  auto snapshot = Database::open(state.config.path, Database::Access::read_only);
  if (!snapshot) return snapshot.error();
  (*snapshot)->begin();
  // What a transaction sees is fixed by its first question.
  (*snapshot)->number("SELECT count(*) FROM horizon");
  if (auto begun = (*snapshot)->outcome(); !begun) return begun.error();
  return std::unique_ptr<Recent>(std::make_unique<RecentPanes>(state, std::move(*snapshot), seconds, now));
}

}  // namespace rata::store
