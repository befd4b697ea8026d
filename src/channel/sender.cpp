#include "channel/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rata::channel {

Sender::Sender(std::string name, std::unique_ptr<Channel> channel, const SenderConfig& config, Report report)
    : name_(std::move(name)),
      channel_(std::move(channel)),
      config_(config),
      report_(std::move(report)),
      queue_(config.queue_capacity_summaries, config.queue_octets, config.when_full),
      thread_([this] { run(); }) {}

Sender::~Sender() { close(); }

void Sender::send(summary::Summary summary) {
  const std::size_t octets = summary::octets_of(summary.data);
  queue_.push(std::move(summary), octets);  // what it drops it counts
}

void Sender::hurry() {
  {
    const std::scoped_lock lock(mutex_);
    if (!closing_) deadline_ = std::chrono::steady_clock::now() + config_.drain;
    closing_ = true;
  }
  closing_changed_.notify_all();
}

void Sender::close() {
  hurry();
  queue_.close();
  if (thread_.joinable()) thread_.join();
}

void Sender::run() {
  using namespace std::chrono_literals;
  while (!queue_.drained()) {
    auto batch = queue_.pop(config_.batch_summaries, 500ms);
    if (!batch.empty()) deliver(std::move(batch));
  }
}

/// A trouble that lost nothing is said once, until another one comes or it is over.
void Sender::note_sent(const Attempt& attempt, std::size_t batch_size) {
  sent_ += batch_size;
  if (std::exchange(last_note_, attempt.why) != attempt.why && !attempt.why.empty())
    report_(fmt::format("channel {}: {}", name_, attempt.why));
}

void Sender::take_out(std::vector<summary::Summary>& batch, const std::vector<bool>& out) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (i < out.size() && out[i]) continue;
    if (kept != i) batch[kept] = std::move(batch[i]);
    ++kept;
  }
  sent_ += batch.size() - kept;
  batch.resize(kept);
}

void Sender::deliver(std::vector<summary::Summary> batch) {
  auto pause = config_.first_retry;
  bool troubled = false;
  while (!gone_ && !(failing_ && out_of_time())) {
    const Attempt attempt = channel_->send(batch);
    failing_ = attempt.state != Attempt::State::sent;
    if (!failing_) {
      note_sent(attempt, batch.size());
      if (troubled) report_(fmt::format("channel {}: works again", name_));
      return;
    }
    ++failed_attempts_;
    take_out(batch, attempt.out);
    if (attempt.state == Attempt::State::gone) {
      gone_ = true;
      report_(fmt::format("channel {}: {}; nothing more is sent there", name_, attempt.why));
    } else {
      if (!std::exchange(troubled, true)) report_(fmt::format("channel {}: {}; trying again", name_, attempt.why));
      if (!wait_for_retry(pause)) break;
      pause = std::min(pause * 2, config_.longest_retry);
    }
  }
  given_up_ += batch.size();
}

/// Then what waits is not tried on a channel that is in trouble: each attempt may take seconds.
bool Sender::out_of_time() {
  const std::scoped_lock lock(mutex_);
  return closing_ && std::chrono::steady_clock::now() >= deadline_;
}

/// False when the time to go on trying is over.
bool Sender::wait_for_retry(std::chrono::milliseconds pause) {
  std::unique_lock lock(mutex_);
  closing_changed_.wait_for(lock, pause, [this] { return closing_.load(); });
  if (!closing_) return true;
  const auto left = deadline_ - std::chrono::steady_clock::now();
  if (left <= std::chrono::milliseconds(0)) return false;
  lock.unlock();
  std::this_thread::sleep_for(std::min<std::chrono::steady_clock::duration>(left, config_.first_retry));
  return true;
}

Sender::Counters Sender::counters() const {
  // What was sent or given up is read first: it was pushed before, so nothing comes out negative.
  Counters counters{
      .sent = sent_, .dropped = given_up_, .failed_attempts = failed_attempts_, .best_effort = channel_->best_effort()};
  const auto queue = queue_.counters();
  counters.dropped += queue.dropped;
  counters.pushed = queue.pushed + queue.dropped;
  // While the thread works, what is under way is what is left; after `close` nothing is, and the sum must come out.
  const std::uint64_t done = counters.sent + counters.dropped;
  if (thread_.joinable() && counters.pushed > done) counters.waiting = counters.pushed - done;
  return counters;
}

}  // namespace rata::channel
