#include "pipeline/outlets.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "channel/spool.h"

namespace rata::pipeline {

util::Result<std::unique_ptr<Outlets>> Outlets::open(const Config& config, const channel::Deliver& deliver, bool live,
                                                     const Report& report) {
  auto outlets = std::make_unique<Outlets>();
  channel::SenderConfig sender;
  sender.queue_octets = config.queue_octets();
  sender.when_full = live ? util::WhenFull::drop_newest : util::WhenFull::block;
  for (const ChannelConfig& one : config.channels) {
    auto opened = channel::open_channel(one.settings, deliver);
    if (!opened) return opened.error();
    std::unique_ptr<channel::Spool> spool;
    if (one.settings.spool) {
      auto made = channel::Spool::open(*one.settings.spool);
      if (!made) return util::Error{fmt::format("channel {}: {}", one.name, made.error().message)};
      spool = std::move(*made);
    }
    outlets->outlets_.push_back(
        {channel::shown_url(one.settings.url),
         std::make_unique<channel::Sender>(one.name, std::move(*opened), sender, report, std::move(spool))});
  }
  for (const ReducerEntry& entry : config.reducers) {
    auto& targets = outlets->by_reducer_.emplace_back();
    for (const std::string& channel : entry.send)
      for (const Outlet& outlet : outlets->outlets_)
        if (outlet.sender->name() == channel) targets.push_back(outlet.sender.get());
    if (targets.empty())
      report(fmt::format("reducer {}: has no send = [{{ channel = \"...\" }}]: what it counts goes nowhere",
                         entry.reducer.shown_name()));
  }
  return outlets;
}

void Outlets::send(std::size_t reducer, summary::Summary summary) {
  const auto& targets = by_reducer_[reducer];
  pushed_ += targets.size();
  for (std::size_t t = 0; t + 1 < targets.size(); ++t) targets[t]->send(summary);
  if (!targets.empty()) targets.back()->send(std::move(summary));
}

void Outlets::close() {
  for (const Outlet& outlet : outlets_) outlet.sender->close();
}

void Outlets::hurry() {
  for (const Outlet& outlet : outlets_) outlet.sender->hurry();
}

bool Outlets::nobody_listens() const {
  return !outlets_.empty() && std::ranges::all_of(outlets_, [](const Outlet& outlet) { return outlet.sender->gone(); });
}

void Outlets::add_to(Books& books) const {
  for (const Outlet& outlet : outlets_) {
    const auto counters = outlet.sender->counters();
    books.summaries_sent += counters.sent;
    books.summaries_refused += counters.refused;
    books.summaries_dropped += counters.dropped;
    books.summaries_waiting += counters.waiting;
    books.summaries_found += counters.found;
    books.summaries_unspooled += counters.unspooled;
    books.summaries_unheard += counters.best_effort.unheard;
    books.summaries_perhaps_twice += counters.best_effort.perhaps_twice;
  }
  books.summaries_pushed += pushed_ + books.summaries_found;
}

std::vector<OutletState> Outlets::states() const {
  std::vector<OutletState> states;
  for (const auto& [url, sender] : outlets_)
    states.push_back({sender->name(), url, sender->health(), sender->counters()});
  return states;
}

}  // namespace rata::pipeline
