#include "reduce/windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>
#include <numeric>
#include <utility>

namespace rata::reduce {

util::Result<std::unique_ptr<Windows>> Windows::make(const WindowConfig& config,
                                                     const std::vector<ReducerConfig>& reducers, const Context& context,
                                                     std::size_t memory_octets, OnClosed on_closed, DoAll do_all) {
  assert(context.shards > 0 && (config.packets == 0 || context.shards == 1));
  Plan plan;
  Surroundings around{context, plan};
  for (const ReducerConfig& reducer : reducers)
    if (auto made = make_reducer(reducer, around); !made) return made.error();
  return {std::unique_ptr<Windows>(
      new Windows(config, reducers, context, memory_octets, std::move(on_closed), std::move(do_all)))};
}

Windows::Windows(const WindowConfig& config, std::vector<ReducerConfig> reducers, const Context& context,
                 std::size_t memory_octets, OnClosed on_closed, DoAll do_all)
    : config_(config),
      reducers_(std::move(reducers)),
      context_(context),
      shard_count_(context.shards),
      on_closed_(std::move(on_closed)),
      do_all_(std::move(do_all)),
      length_ns_(static_cast<std::int64_t>(config.seconds) * util::ns_per_second),
      lateness_ns_(config.lateness_seconds ? static_cast<std::int64_t>(*config.lateness_seconds * 1e9) : length_ns_),
      late_by_shard_(shard_count_),
      late_malformed_(shard_count_) {
  const std::size_t share = memory_octets == Budget::unlimited ? memory_octets : memory_octets / shard_count_;
  for (std::size_t i = 0; i < shard_count_; ++i) budgets_.push_back(std::make_unique<Budget>(share));
  spare_.push_back(new_open());  // now: the plan is complete before the first batch
  unsettled_.assign(shard_count_, 0);
  batches_.assign(shard_count_, Batch(plan_, context_));
  pair_where_asked();
}

void Windows::pair_where_asked() {
  if (!plan_.pairs() || !response_times_.empty()) return;
  for (std::size_t i = 0; i < shard_count_; ++i) response_times_.emplace_back(shard_count_);
}

util::Result<void> Windows::replace(std::size_t reducer, ReducerConfig config) {
  Surroundings around{context_, plan_};
  if (const auto made = make_reducer(config, around); !made) return made.error();
  reducers_[reducer] = std::move(config);
  spare_.clear();
  ++version_;
  pair_where_asked();
  return {};
}

std::int64_t Windows::number_of(util::Time time) const {
  const std::int64_t number = time.ns / length_ns_;
  return time.ns % length_ns_ < 0 ? number - 1 : number;
}

std::unique_ptr<Windows::Open> Windows::new_open() {
  auto open = std::make_unique<Open>();
  open->shards.resize(shard_count_);
  open->version = version_;
  Shared window;
  for (std::size_t shard = 0; shard < shard_count_; ++shard) {
    Shared shared;
    Surroundings around{context_, plan_, budgets_[shard].get(), &shared, &window};
    for (const ReducerConfig& config : reducers_)
      // `make` has tried every configuration once: it does not fail here.
      open->shards[shard].reducers.push_back(std::move(*make_reducer(config, around)));
    shared.complete();
  }
  return open;
}

void Windows::add_to(Cell& cell, std::size_t shard, std::span<const Packet> packets) {
  cell.packets += packets.size();
  cell.used = true;
  Batch& batch = batches_[shard];
  while (!packets.empty()) {
    const auto some = packets.first(std::min({packets.size(), max_batch_packets, settle_packets - unsettled_[shard]}));
    packets = packets.subspan(some.size());
    batch.assign(some);
    for (const auto& reducer : cell.reducers) reducer->add(batch);
    settle_after(shard, some.size());
  }
}

void Windows::settle_after(std::size_t shard, std::size_t packets) {
  unsettled_[shard] += packets;
  if (unsettled_[shard] < settle_packets) return;
  unsettled_[shard] = 0;
  budgets_[shard]->settle();
}

void Windows::add(std::size_t shard, std::span<const Packet> batch) {
  if (batch.empty()) return;
  if (!response_times_.empty()) batch = response_times_[shard].in(batch);
  if (config_.packets == 0)
    add_by_time(shard, batch);
  else
    add_by_count(batch);
}

void Windows::add_malformed(std::size_t shard, const MalformedMessage& message) {
  Cell* into = nullptr;
  if (config_.packets != 0) {
    if (open_.empty()) open_up_to(0);
    into = &open_.front()->shards.front();
  } else if (const std::int64_t number = number_of(message.time); number >= first_open_) {
    into = &cell(number, shard);
  }
  // One that comes too late is told with the next window, but in no reducer's result.
  if (into == nullptr) {
    ++late_malformed_[shard];
    return;
  }
  ++into->malformed;
  into->used = true;
  for (const auto& reducer : into->reducers) reducer->add_malformed(message);
  settle_after(config_.packets != 0 ? 0 : shard, 1);
}

void Windows::add_by_time(std::size_t shard, std::span<const Packet> batch) {
  // Runs of packets of one window, nearly always one run, go to the reducers together.
  for (std::size_t first = 0, next; first < batch.size(); first = next) {
    const std::int64_t number = number_of(batch[first].time);
    const util::Time start = start_of(number), end = start_of(number + 1);
    for (next = first + 1; next < batch.size() && batch[next].time >= start && batch[next].time < end;) ++next;
    const auto run = batch.subspan(first, next - first);
    if (number < first_open_) {
      late_by_shard_[shard] += run.size();
      continue;
    }
    assert(number < first_open_ + static_cast<std::int64_t>(open_.size()));
    add_to(cell(number, shard), shard, run);
  }
}

util::Time Windows::advance(util::Time watermark) {
  if (config_.packets != 0) return {INT64_MAX};
  const std::int64_t newest = number_of(watermark);
  const std::int64_t first_kept = number_of({watermark.ns - lateness_ns_});
  if (!started_) {
    started_ = true;
    first_number_ = newest;
    first_open_ = first_kept;
  }
  while (!open_.empty() && first_open_ < first_kept) close_first();
  if (open_.empty()) skip_gap(first_kept, newest);
  open_up_to(newest);
  // Something changes when the next window begins and when the oldest open one has waited long enough.
  return std::min(start_of(newest + 1), util::Time{start_of(first_open_ + 1).ns + lateness_ns_});
}

void Windows::open_up_to(std::int64_t number) {
  while (first_open_ + static_cast<std::int64_t>(open_.size()) <= number) {
    if (spare_.empty()) {
      open_.push_back(new_open());
    } else {
      open_.push_back(std::move(spare_.back()));
      spare_.pop_back();
    }
  }
}

/// No window is open and packet time has jumped: those between are sent empty, or counted when they are too many.
void Windows::skip_gap(std::int64_t first_kept, std::int64_t newest) {
  const std::int64_t gap = first_kept - first_open_;
  if (gap <= 0) return;
  if (gap > max_gap_windows) {
    gap_windows_ += static_cast<std::uint64_t>(gap);
    first_open_ = first_kept;
    first_number_ = newest;  // as at the start: what is open before it is for late packets only
    return;
  }
  while (first_open_ < first_kept) {
    open_up_to(first_open_);
    close_first();
  }
}

void Windows::close_first(bool last) {
  std::unique_ptr<Open> open = std::move(open_.front());
  open_.pop_front();
  const std::int64_t number = first_open_++;
  // Those before the first frame's own are open for packets that come late, not to be sent empty.
  if (open->used() || number >= first_number_)
    emit(*open, {.start = start_of(number), .seconds = static_cast<double>(config_.seconds), .packets = 0, .late = 0},
         last);
  spare(std::move(open));
}

/// For a window to come, unless its reducers are not those any more.
void Windows::spare(std::unique_ptr<Open> open) {
  if (open->version == version_) spare_.push_back(std::move(open));
}

/// Merges the shards in their order into the first one, reducer by reducer, and hands the window over.
void Windows::emit(Open& open, summary::Window window, bool last) {
  ClosingWindow::Facts facts{.window = window, .malformed = 0, .used = false, .last = last};
  for (Cell& shard : open.shards) {
    facts.window.packets += std::exchange(shard.packets, 0);
    facts.malformed += std::exchange(shard.malformed, 0);
    facts.used |= std::exchange(shard.used, false);
  }
  for (std::uint64_t& late : late_malformed_) facts.malformed += std::exchange(late, 0);
  facts.used |= facts.malformed > 0;
  const std::uint64_t late_now = late();
  facts.window.late = late_now - std::exchange(late_reported_, late_now);
  facts.window.unfinished = at_end_;
  constexpr std::size_t side_by_side = 4;
  ClosingWindow closing(facts, reducers_.size(), do_all_ ? side_by_side : 1,
                        [this, &open, seconds = window.seconds](std::size_t begin, std::size_t end) {
                          return results(open, seconds, begin, end);
                        });
  on_closed_(closing);
  for (ClosingWindow::Result unwanted; closing.next(unwanted);) continue;
}

/// Each reducer's shards are added up into the first of them.
std::vector<ClosingWindow::Result> Windows::results(Open& open, double seconds, std::size_t first, std::size_t end) {
  std::vector<ClosingWindow::Result> made(end - first);
  const auto make = [&](std::size_t i) {
    Reducer& reducer = *open.shards.front().reducers[first + i];
    for (std::size_t shard = 1; shard < shard_count_; ++shard) {
      Reducer& sibling = *open.shards[shard].reducers[first + i];
      reducer.absorb(sibling);
      reducer.absorb_lacking(sibling);
    }
    made[i].reducer = first + i;
    made[i].lacking = reducer.take_lacking();
    made[i].later = reducer.take_later(seconds);
    if (made[i].later == nullptr) made[i].data = reducer.take(seconds);
  };
  if (do_all_)
    do_all_(made.size(), make);
  else
    for (std::size_t i = 0; i < made.size(); ++i) make(i);
  return made;
}

bool ClosingWindow::next(Result& result) {
  if (next_ == ready_.size()) {
    if (made_ == reducers_) return false;
    const std::size_t end = std::min(made_ + side_by_side_, reducers_);
    ready_ = make_(std::exchange(made_, end), end);
    next_ = 0;
  }
  result = std::move(ready_[next_++]);
  return true;
}

void Windows::add_by_count(std::span<const Packet> batch) {
  if (open_.empty()) open_up_to(0);
  if (!std::exchange(count_started_, true)) count_start_ = batch.front().time;
  while (!batch.empty()) {
    Cell& into = open_.front()->shards.front();
    const auto run = batch.first(std::min<std::size_t>(batch.size(), config_.packets - into.packets));
    add_to(into, 0, run);
    count_last_ = run.back().time;
    if (into.packets == config_.packets) close_by_count();
    batch = batch.subspan(run.size());
  }
}

void Windows::close_by_count(bool last) {
  // The time it took: from the end of the window before (of the first one: its first packet) to its last packet.
  const double seconds = std::max(0.0, util::seconds_between(count_start_, count_last_));
  emit(*open_.front(), {.start = count_start_, .seconds = seconds, .packets = 0, .late = 0}, last);
  count_start_ = count_last_;
  if (open_.front()->version != version_) open_.front() = new_open();
}

void Windows::finish() {
  at_end_ = true;
  if (config_.packets != 0) {
    if (config_.flush && !open_.empty() && open_.front()->used()) close_by_count(true);
    open_.clear();  // what is not sent is nobody's any more
    return;
  }
  while (!open_.empty()) close_first(open_.size() == 1);
}

std::uint64_t Windows::late() const {
  return std::accumulate(late_by_shard_.begin(), late_by_shard_.end(), std::uint64_t{0});
}

}  // namespace rata::reduce
