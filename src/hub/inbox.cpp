#include "hub/inbox.h"

#include <iterator>
#include <utility>

namespace rata::hub {

void Inbox::put(Posted posted) {
  {
    const std::scoped_lock lock(mutex_);
    if (!closed_) {
      waiting_.deliveries.push_back(std::move(posted));
      changed_.notify_one();
      return;
    }
  }
  posted.answer({.status = 503, .json = R"({"error":"the aggregator ends"})", .retry_after = std::chrono::seconds(1)});
}

void Inbox::put(std::string message) {
  const std::scoped_lock lock(mutex_);
  if (closed_ || message_octets_ + message.size() > most_message_octets) {
    ++waiting_.dropped_messages;
    return;
  }
  message_octets_ += message.size();
  waiting_.messages.push_back(std::move(message));
  changed_.notify_one();
}

bool Inbox::put(std::function<void()> job) {
  const std::scoped_lock lock(mutex_);
  if (closed_) return false;
  waiting_.jobs.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

Inbox::Taken Inbox::take(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return closed_ || !waiting_.empty(); });
  message_octets_ = 0;
  Taken taken = std::exchange(waiting_, {});
  if (taken.deliveries.size() > most_at_once) {
    const auto later = taken.deliveries.begin() + most_at_once;
    waiting_.deliveries.assign(std::make_move_iterator(later), std::make_move_iterator(taken.deliveries.end()));
    taken.deliveries.erase(later, taken.deliveries.end());
  }
  return taken;
}

std::vector<std::function<void()>> Inbox::take_jobs() {
  const std::scoped_lock lock(mutex_);
  return std::exchange(waiting_.jobs, {});
}

void Inbox::close() {
  {
    const std::scoped_lock lock(mutex_);
    closed_ = true;
  }
  changed_.notify_all();
}

bool Inbox::is_closed() const {
  const std::scoped_lock lock(mutex_);
  return closed_;
}

bool Inbox::finished() const {
  const std::scoped_lock lock(mutex_);
  return closed_ && waiting_.empty();
}

}  // namespace rata::hub
