#include "channel/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rata::channel {
namespace {

using namespace std::chrono_literals;

/// The other side may ask for more patience than ours, but not to be forgotten.
constexpr std::chrono::milliseconds longest_asked_pause = 10min;

std::unique_ptr<SpoolStage> make_stage(std::unique_ptr<Spool> spool, SpoolStage::Queue& queue,
                                       const SenderConfig& config, Sender::Report report) {
  if (!spool) return nullptr;
  // Memory beside the queue: a quarter of it, since what has no room there is on the disk.
  const SpoolStageConfig stage{.batch_summaries = config.batch_summaries,
                               .held_summaries = std::max<std::size_t>(config.queue_capacity_summaries / 4, 1),
                               .held_octets = std::max<std::size_t>(config.queue_octets / 4, 1),
                               .waits_for_room = config.when_full == util::WhenFull::block,
                               .pause = config.longest_retry};
  return std::make_unique<SpoolStage>(std::move(spool), queue, stage, std::move(report));
}

}  // namespace

Sender::Sender(std::string name, std::unique_ptr<Channel> channel, const SenderConfig& config, Report report,
               std::unique_ptr<Spool> spool)
    : name_(std::move(name)),
      channel_(std::move(channel)),
      config_(config),
      report_([this, say = std::move(report)](const std::string& text) {
        say(fmt::format("channel {}: {}", name_, text));
      }),
      queue_(config.queue_capacity_summaries, config.queue_octets, config.when_full),
      stage_(make_stage(std::move(spool), queue_, config, report_)),
      chance_(config.chance != 0 ? config.chance : std::random_device{}()),
      thread_([this] { run(); }) {}

Sender::~Sender() { close(); }

void Sender::send(summary::Summary summary) {
  const std::size_t octets = summary::octets_of(summary.data);
  queue_.push(std::move(summary), octets);  // what it drops it counts
}

void Sender::hurry() { begin_end(false); }

void Sender::wind_up() { begin_end(true); }

void Sender::begin_end(bool patient) {
  {
    const std::scoped_lock lock(mutex_);
    if (!closing_) deadline_ = std::chrono::steady_clock::now() + config_.drain;
    patient_ = patient && (!closing_ || patient_);  // who is in a hurry has the last word
    closing_ = true;
  }
  closing_changed_.notify_all();
}

void Sender::close() {
  if (!thread_.joinable()) return;
  if (!closing_) hurry();
  queue_.close();
  thread_.join();
  closed_ = true;
  if (const std::uint64_t left = counters().left_in_spool; left != 0)
    report_(fmt::format("{} summaries stay in the spool {}, and the next start sends them", left, stage_->place()));
}

void Sender::run() {
  while (!is_over()) {
    Batch batch = next();
    if (!batch.empty()) deliver(std::move(batch));
  }
  if (stage_) stage_->finish();
}

/// With a spool nothing has to be sent now: not in trouble, unless there is time for it, and not for long.
bool Sender::is_over() {
  if (!stage_) return queue_.drained();
  return gone_ || stage_->idle() || (failing_ && closing_ && !patient_) || out_of_time(false);
}

Batch Sender::next() {
  constexpr std::chrono::milliseconds patience = 500ms;
  if (stage_) return stage_->next(patience);
  Batch batch{.summaries = queue_.pop(config_.batch_summaries, patience), .records = {}};
  batch.records.resize(batch.summaries.size());
  return batch;
}

void Sender::deliver(Batch batch) {
  auto pause = config_.first_retry;
  for (bool goes_on = !gone_ && !(failing_ && out_of_time(batch.kept())); goes_on;) {
    const Attempt attempt = try_once(batch);
    if (failing_) note_failure(attempt);
    if (batch.empty()) return;
    const bool was_closing = closing_;
    goes_on = !gone_ && wait_for_retry(batch.kept(), by_chance(pause, attempt), attempt.retry_after.has_value());
    pause = closing_ && !was_closing ? config_.first_retry : std::min(pause * 2, config_.longest_retry);
  }
  if (stage_)
    stage_->give_back(batch);
  else
    given_up_ += batch.summaries.size();
}

/// What it brought is taken out of the batch.
Attempt Sender::try_once(Batch& batch) {
  const auto begun = std::chrono::steady_clock::now();
  Attempt attempt = channel_->send(batch.summaries);
  failing_ = attempt.state != Attempt::State::sent;
  if (stage_) stage_->attempted(batch.older, !failing_, std::chrono::steady_clock::now() - begun);
  note_health(attempt);
  account(batch, attempt);
  if (failing_) return attempt;
  // A trouble that lost nothing is said once, until another one comes or it is over.
  if (std::exchange(last_note_, attempt.why) != attempt.why && !attempt.why.empty()) report_(attempt.why);
  if (std::exchange(troubled_, false)) report_("works again");
  return attempt;
}

void Sender::account(Batch& batch, const Attempt& attempt) {
  const Settled settled = settle(batch, attempt);
  sent_ += settled.sent;
  refused_ += settled.refused;
  if (stage_) stage_->done(settled.records);
  if (settled.refused != 0 && std::exchange(last_refusal_, attempt.why_refused) != attempt.why_refused)
    report_(fmt::format("{} summaries were refused and are not sent again: {}", settled.refused, attempt.why_refused));
}

void Sender::note_health(const Attempt& attempt) {
  const util::Time now = config_.clock->now();
  health_.with([&](Health& health) {
    health.works = !failing_;
    health.why = attempt.why;
    if (failing_) {
      if (!health.failing_since) health.failing_since = now;
    } else {
      health.last_success = now;
      health.failing_since.reset();
    }
  });
}

void Sender::note_failure(const Attempt& attempt) {
  ++failed_attempts_;
  if (attempt.state == Attempt::State::gone) {
    gone_ = true;
    report_(fmt::format("{}; nothing more is sent there", attempt.why));
  } else if (!std::exchange(troubled_, true)) {
    report_(fmt::format("{}; trying again", attempt.why));
  }
}

/// Then what waits is not tried on a channel that is in trouble: each attempt may take seconds.
bool Sender::out_of_time(bool kept) {
  const std::scoped_lock lock(mutex_);
  return closing_ && (may_stay(kept) || std::chrono::steady_clock::now() >= deadline_);
}

/// Not all at once, when many monitors lost the same other side.
std::chrono::milliseconds Sender::by_chance(std::chrono::milliseconds pause, const Attempt& attempt) {
  const auto half = static_cast<std::uint64_t>(pause.count() / 2);
  const std::chrono::milliseconds share(half == 0 ? 0 : chance_() % (half + 1));
  if (!attempt.retry_after) return pause - share;
  return std::max(pause, std::min(*attempt.retry_after, longest_asked_pause)) + share;
}

/// False when the time to go on trying is over. When the end begins, what has only waited by our own choice is tried at
/// once. Whatever the pause, the last moment allows an attempt: what is lost after it could not be sent. Of what is in
/// the spool the end allows one attempt more.
bool Sender::wait_for_retry(bool kept, std::chrono::milliseconds pause, bool asked_for) {
  const auto now = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  if (closing_ && (may_stay(kept) || now >= deadline_)) return false;
  if (!closing_) {
    closing_changed_.wait_until(lock, now + pause, [this] { return closing_.load(); });
    if (!closing_ || may_stay(kept) || !asked_for) return true;
  }
  closing_changed_.wait_until(lock, std::min(now + pause, deadline_), [&] { return may_stay(kept); });
  return true;
}

Sender::Counters& Sender::Counters::operator+=(const Counters& other) {
  for (const auto member :
       {&Counters::pushed, &Counters::sent, &Counters::dropped, &Counters::waiting, &Counters::failed_attempts,
        &Counters::refused, &Counters::found, &Counters::spooled, &Counters::unspooled, &Counters::spool_full,
        &Counters::spool_damaged, &Counters::left_in_spool})
    this->*member += other.*member;
  best_effort.unheard += other.best_effort.unheard;
  best_effort.perhaps_twice += other.best_effort.perhaps_twice;
  return *this;
}

Sender::Counters Sender::counters() const {
  // What was sent or given up is read first: it was pushed before, so nothing comes out negative.
  Counters counters{.sent = sent_,
                    .dropped = given_up_,
                    .failed_attempts = failed_attempts_,
                    .refused = refused_,
                    .best_effort = channel_->best_effort()};
  if (stage_) {
    const SpoolStage::Counters stage = stage_->counters();
    counters.found = stage.spool.found;
    counters.spooled = stage.spooled;
    counters.unspooled = stage.unspooled;
    counters.spool_full = stage.spool.dropped_full;
    counters.spool_damaged = stage.spool.unreadable;
    counters.dropped += stage.lost + counters.spool_full + counters.spool_damaged;
  }
  const auto queue = queue_.counters();
  counters.dropped += queue.dropped;
  counters.pushed = queue.pushed + queue.dropped + counters.found;
  // While the thread works, what is under way is what is left; after `close` only what is in the spool.
  const std::uint64_t done = counters.sent + counters.refused + counters.dropped;
  const bool works = !closed_;
  if ((works || stage_) && counters.pushed > done) counters.waiting = counters.pushed - done;
  if (!works) counters.left_in_spool = counters.waiting;
  return counters;
}

Sender::Health Sender::health() const {
  Health health = health_.with([](const Health& now) { return now; });
  if (!stage_) return health;
  const Spool::Counters spool = stage_->counters().spool;
  health.has_spool = true;
  health.spool_trouble = stage_->trouble();
  health.spool_octets = spool.octets;
  health.spool_waiting = spool.waiting;
  health.oldest_waiting = spool.oldest;
  return health;
}

}  // namespace rata::channel
