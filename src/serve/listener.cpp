#include "serve/listener.h"

#include <algorithm>
#include <utility>

namespace rata::serve {
namespace {

const std::string status_name = "status";

}  // namespace

LiveListener::LiveListener(const Bulletin& bulletin, Selection selection, std::string_view last_event_id, Tally& tally)
    : bulletin_(bulletin), selection_(std::move(selection)), tally_(tally) {
  if (bulletin_.empty()) return;
  const auto number = bulletin_.number_of(last_event_id);
  const Bulletin::Revisions* had = number ? bulletin_.revisions_at(*number) : nullptr;
  if (had != nullptr) {
    resume(*number, *had);
  } else {
    announce(status_name);
    for (const std::string& name : bulletin_.names()) announce(name);
  }
}

void LiveListener::resume(std::uint64_t number, const Bulletin::Revisions& revisions) {
  told_ = number;
  has_ = revisions;
  if (number == bulletin_.number()) return;
  announce(status_name);
  for (const std::string& name : bulletin_.names()) {
    const auto had = revisions.find(name);
    if (had == revisions.end() || had->second != bulletin_.revision(name)) announce(name);
  }
}

void LiveListener::published() {
  for (const std::string& name : bulletin_.changed()) announce(name);
  if (bulletin_.status_changed()) announce(status_name);
}

void LiveListener::announce(const std::string& name) {
  if (std::ranges::find(due_, name) == due_.end()) {
    due_.push_back(name);
    return;
  }
  // The version that waited is never sent.
  ++tally_.events_dropped;
}

Event LiveListener::next() {
  while (!due_.empty()) {
    const std::string name = std::move(due_.front());
    due_.pop_front();
    if (Event found = event(name)) return found;
  }
  if (std::exchange(told_, bulletin_.number()) == bulletin_.number()) return nullptr;
  return bulletin_.mark();
}

Event LiveListener::event(const std::string& name) {
  if (name == status_name) return bulletin_.status_event();
  std::uint64_t& has = has_[name];
  Event found = bulletin_.view_event(name, selection_, has);
  has = found ? bulletin_.revision(name) : 0;
  return found;
}

OlderListener::OlderListener(const Bulletin& bulletin, std::string name, std::size_t limit_octets, Tally& tally)
    : bulletin_(bulletin), name_(std::move(name)), limit_octets_(limit_octets), tally_(tally) {}

void OlderListener::published() {
  Event event = bulletin_.older_event(name_);
  if (!event) return;
  waiting_octets_ += event->size();
  waiting_.push_back(std::move(event));
  // The newest stays even if it alone is larger than the limit.
  while (waiting_octets_ > limit_octets_ && waiting_.size() > 1) {
    waiting_octets_ -= waiting_.front()->size();
    waiting_.pop_front();
    ++tally_.events_dropped;
  }
}

Event OlderListener::next() {
  if (waiting_.empty()) return nullptr;
  Event event = std::move(waiting_.front());
  waiting_.pop_front();
  waiting_octets_ -= event->size();
  return event;
}

}  // namespace rata::serve
