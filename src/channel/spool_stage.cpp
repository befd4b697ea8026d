#include "channel/spool_stage.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "summary/reading.h"

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

/// A record is closed when its lines are as many, and what is read back for one batch ends with as many.
constexpr std::size_t record_octets = 256u << 10, older_octets = 4u << 20;

constexpr std::chrono::milliseconds sync_interval = 1s, patience = 500ms;

}  // namespace

SpoolStage::SpoolStage(std::unique_ptr<Spool> spool, Queue& queue, const SpoolStageConfig& config, Report report)
    : spool_(std::move(spool)), queue_(queue), config_(config), report_(std::move(report)) {
  orderly_ = !spool_->has_waiting();
  say_notes();
  writer_ = std::thread([this] { write(); });
}

SpoolStage::~SpoolStage() {
  if (writer_.joinable()) finish();
}

void SpoolStage::write() {
  while (!queue_.drained()) {
    sync_when_due();
    if (wait_for_room(until_due())) keep(queue_.pop(config_.batch_summaries, until_due()));
    say_notes();
  }
  unsynced_since_ = {};
  sync_when_due();
  {
    const std::scoped_lock lock(mutex_);
    written_out_ = true;
  }
  filled_.notify_all();
}

/// What is in memory only stays bounded; then the queue fills, as it does without a spool.
bool SpoolStage::wait_for_room(std::chrono::milliseconds longest) {
  std::unique_lock lock(mutex_);
  return room_.wait_for(lock, longest, [this] {
    return abandoned_ || (alone_summaries_ < config_.held_summaries && alone_octets_ < config_.held_octets);
  });
}

/// Each record takes as many summaries as are right for one.
void SpoolStage::keep(std::vector<summary::Summary> batch) {
  std::string lines;
  std::vector<summary::Summary> of_record;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    lines += summary::to_json(batch[i]);
    lines += '\n';
    of_record.push_back(std::move(batch[i]));
    if (lines.size() < record_octets && i + 1 < batch.size()) continue;
    const std::uint64_t record = store(lines, of_record.size());
    offer(record, std::exchange(of_record, {}));
    lines.clear();
  }
}

/// Returns the record's number, 0 when it could not be written.
std::uint64_t SpoolStage::store(const std::string& lines, std::size_t summaries) {
  const bool too_large = lines.size() > spool_->most_octets();
  if (too_large && !std::exchange(told_large_, true))
    report_(fmt::format("spool: a record of {} octets is too large for it, {} is the most; it waits in memory only",
                        lines.size(), spool_->most_octets()));
  if (too_large || Clock::now() < next_try_) {
    unspooled_ += summaries;
    return 0;
  }
  if (config_.waits_for_room) wait_for_spool(lines.size());
  const auto record = spool_->append(lines, static_cast<std::uint32_t>(summaries));
  if (!record) {
    fail(record.error().message);
    unspooled_ += summaries;
    return 0;
  }
  if (!std::exchange(unsynced_, true)) unsynced_since_ = Clock::now();
  const bool always = spool_->policy() == Fsync::always;
  if (always) sync_when_due();
  // What could not be synced is in the file all the same, but was not promised.
  const bool kept = !always || !unsynced_;
  (kept ? spooled_ : unspooled_) += summaries;
  if (kept && trouble_.with([](std::string& why) { return !std::exchange(why, "").empty(); }))
    report_("spool: works again");
  return *record;
}

void SpoolStage::wait_for_spool(std::size_t octets) {
  if (spool_->has_room(octets)) return;
  unsynced_since_ = {};  // it may be long
  sync_when_due();
  std::unique_lock lock(mutex_);
  room_.wait(lock, [&] { return abandoned_ || spool_->has_room(octets); });
}

void SpoolStage::fail(const std::string& why) {
  next_try_ = Clock::now() + config_.pause;
  const bool told = trouble_.with([&](std::string& text) { return !std::exchange(text, why).empty(); });
  if (!told) report_(fmt::format("spool: {}; what comes waits in memory only, until it can be written again", why));
}

void SpoolStage::sync_when_due() {
  const bool always = spool_->policy() == Fsync::always;
  if (!unsynced_ || spool_->policy() == Fsync::never) return;
  if (!always && Clock::now() - unsynced_since_ < sync_interval) return;
  const auto synced = spool_->sync();
  if (!synced) fail(synced.error().message);
  unsynced_ = !synced && always;
}

std::chrono::milliseconds SpoolStage::until_due() const {
  if (!unsynced_ || spool_->policy() != Fsync::second) return patience;
  const auto due = std::chrono::ceil<std::chrono::milliseconds>(unsynced_since_ + sync_interval - Clock::now());
  return std::clamp(due, std::chrono::milliseconds(0), patience);
}

/// To memory, from where it is sent next, or to wait in the spool alone.
void SpoolStage::offer(std::uint64_t record, std::vector<summary::Summary> summaries) {
  Held held{.record = record, .summaries = std::move(summaries)};
  for (const summary::Summary& summary : held.summaries) held.octets += summary::octets_of(summary.data);
  {
    const std::scoped_lock lock(mutex_);
    if (record != 0) newest_record_ = record;
    if (record == 0 && abandoned_) {
      lost_ += held.summaries.size();
    } else if (record != 0 && (abandoned_ || (orderly_ && (is_over() || spool_->has_waiting())))) {
      spool_->release(record, static_cast<std::uint32_t>(held.summaries.size()));
    } else {
      hold(std::move(held));
      if (!orderly_) let_go_of_oldest();
    }
  }
  filled_.notify_all();
}

bool SpoolStage::is_over() const {
  return held_summaries_ > config_.held_summaries || held_octets_ > config_.held_octets;
}

void SpoolStage::hold(Held held) {
  held_summaries_ += held.summaries.size();
  held_octets_ += held.octets;
  if (held.record == 0) {
    alone_summaries_ += held.summaries.size();
    alone_octets_ += held.octets;
  }
  held_.push_back(std::move(held));
}

SpoolStage::Held SpoolStage::unhold(std::deque<Held>::iterator at) {
  Held held = std::move(*at);
  held_.erase(at);
  held_summaries_ -= held.summaries.size();
  held_octets_ -= held.octets;
  if (held.record == 0) {
    alone_summaries_ -= held.summaries.size();
    alone_octets_ -= held.octets;
  }
  return held;
}

void SpoolStage::let_go_of_oldest() {
  while (is_over()) {
    const auto oldest = std::ranges::find_if(held_, [](const Held& held) { return held.record != 0; });
    if (oldest == held_.end()) return;
    const Held held = unhold(oldest);
    spool_->release(held.record, static_cast<std::uint32_t>(held.summaries.size()));
  }
}

Batch SpoolStage::next(std::chrono::milliseconds longest) {
  bool older = false;
  std::uint64_t up_to = 0;
  {
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, longest, [this] { return !held_.empty() || spool_->has_waiting() || written_out_; });
    // In order, what is held is what came first.
    // Only what waits now: what comes while it is read may stand behind what is held by then.
    up_to = newest_record_;
    older = pace_.older_next(!held_.empty(), spool_->has_waiting() && !(orderly_ && !held_.empty()));
  }
  if (older) {
    Batch batch = older_batch(up_to);
    say_notes();
    if (!batch.empty()) return batch;
    // Nothing of it could be read, now or at all.
    std::unique_lock lock(mutex_);
    filled_.wait_for(lock, std::min(longest, 100ms), [this] { return !held_.empty(); });
  }
  return fresh_batch();
}

Batch SpoolStage::fresh_batch() {
  Batch batch;
  {
    const std::scoped_lock lock(mutex_);
    std::size_t octets = 0;
    while (!held_.empty() && octets < config_.held_octets &&
           (batch.empty() || batch.summaries.size() + held_.front().summaries.size() <= config_.batch_summaries)) {
      Held held = unhold(held_.begin());
      octets += held.octets;
      for (summary::Summary& summary : held.summaries) batch.add(std::move(summary), held.record);
    }
  }
  room_.notify_all();
  return batch;
}

Batch SpoolStage::older_batch(std::uint64_t up_to) {
  Batch batch{.summaries = {}, .records = {}, .older = true};
  for (std::size_t octets = 0; octets < older_octets && batch.summaries.size() < config_.batch_summaries;) {
    const auto taken = spool_->take(up_to);
    if (!taken) break;
    octets += taken->lines.size();
    read_lines(*taken, batch);
  }
  return batch;
}

void SpoolStage::read_lines(const Spool::Taken& taken, Batch& batch) {
  std::uint32_t read = 0, seen = 0;
  for (std::string_view rest = taken.lines; !rest.empty() && seen < taken.summaries; ++seen) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    auto summary = summary::read_json(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (summary) {
      batch.add(std::move(*summary), taken.number);
      ++read;
    } else if (!std::exchange(told_reading_, true)) {
      report_(fmt::format("spool: a summary in record {} cannot be read and is lost, as others like it: {}",
                          taken.number, summary.error().message));
    }
  }
  spool_->count_unreadable(taken.summaries - read);
  if (read == 0) done({taken.number});
}

void SpoolStage::attempted(bool older, bool worked, std::chrono::nanoseconds time) {
  pace_.spent(older, time);
  const std::scoped_lock lock(mutex_);
  orderly_ = worked && (orderly_ || !spool_->has_waiting());
}

void SpoolStage::done(const std::vector<std::uint64_t>& records) {
  if (records.empty()) return;
  const auto written = spool_->done(records);
  if (!written && !std::exchange(told_acks_, true))
    report_(fmt::format("spool: {}; after a restart it may send again what is sent", written.error().message));
  if (written) told_acks_ = false;
  const std::scoped_lock lock(mutex_);
  room_.notify_all();
}

void SpoolStage::give_back(const Batch& batch) {
  for (const std::uint64_t record : batch.distinct_records())
    spool_->release(record, static_cast<std::uint32_t>(std::ranges::count(batch.records, record)));
  lost_ += static_cast<std::uint64_t>(std::ranges::count(batch.records, std::uint64_t{0}));
}

bool SpoolStage::idle() {
  const std::scoped_lock lock(mutex_);
  return written_out_ && held_.empty() && !spool_->has_waiting();
}

void SpoolStage::finish() {
  {
    const std::scoped_lock lock(mutex_);
    abandoned_ = true;
  }
  room_.notify_all();
  while (true) {
    const Batch batch = fresh_batch();
    if (batch.empty()) break;
    give_back(batch);
  }
  writer_.join();
  say_notes();
}

void SpoolStage::say_notes() {
  for (const std::string& note : spool_->take_notes()) report_(note);
}

SpoolStage::Counters SpoolStage::counters() const {
  return {.spooled = spooled_, .unspooled = unspooled_, .lost = lost_, .spool = spool_->counters()};
}

std::string SpoolStage::trouble() const {
  return trouble_.with([](const std::string& why) { return why; });
}

}  // namespace rata::channel
