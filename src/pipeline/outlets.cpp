#include "pipeline/outlets.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <utility>

#include "channel/spool.h"

namespace rata::pipeline {
namespace {

/// A channel reads them when it is opened. One that cannot be read is as good as empty here; who opens it complains.
std::vector<std::string> secrets_of(const channel::Settings& settings) {
  std::vector<std::string> secrets;
  for (const std::string& path : {settings.password_file, settings.token_file}) {
    std::ifstream file(path, std::ios::binary);
    secrets.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return secrets;
}

void add(const channel::Sender::Counters& counters, Books& books) {
  books.summaries_sent += counters.sent;
  books.summaries_refused += counters.refused;
  books.summaries_dropped += counters.dropped;
  books.summaries_waiting += counters.waiting;
  books.summaries_found += counters.found;
  books.summaries_unspooled += counters.unspooled;
  books.summaries_unheard += counters.best_effort.unheard;
  books.summaries_perhaps_twice += counters.best_effort.perhaps_twice;
}

}  // namespace

util::Result<void> Outlets::open(const Config& config) {
  forget_closed();
  close_for_spools(config);
  std::vector<Outlet> added;
  for (const ChannelConfig& one : config.channels) {
    Opened as = opened_as(one, config);
    if (std::ranges::any_of(outlets_, [&](const Outlet& outlet) { return outlet.as == as && goes_on(outlet, config); }))
      continue;
    auto sender = open_one(as);
    if (!sender) return sender.error();
    added.push_back({std::move(as), std::move(*sender)});
  }
  const auto out =
      std::ranges::stable_partition(outlets_, [&](const Outlet& outlet) { return goes_on(outlet, config); });
  for (Outlet& outlet : out) let_go(std::move(outlet.sender));
  outlets_.erase(out.begin(), out.end());
  std::ranges::move(added, std::back_inserter(outlets_));
  wire(config);
  return {};
}

Outlets::Opened Outlets::opened_as(const ChannelConfig& channel, const Config& config) {
  return {.name = channel.name,
          .settings = channel.settings,
          .queue_octets = config.queue_octets(),
          .secrets = secrets_of(channel.settings)};
}

bool Outlets::goes_on(const Outlet& outlet, const Config& config) const {
  return !outlet.sender->gone() && !outlet.sender->closed() &&
         std::ranges::any_of(config.channels,
                             [&](const ChannelConfig& one) { return outlet.as == opened_as(one, config); });
}

/// A spool has one owner: who is to have it next waits until it is let go, and finds there what was not sent.
void Outlets::close_for_spools(const Config& config) {
  const auto is_wanted = [&](const Outlet& outlet) {
    return outlet.as.settings.spool && !goes_on(outlet, config) &&
           std::ranges::any_of(config.channels, [&](const ChannelConfig& one) {
             return one.settings.spool && one.settings.spool->path == outlet.as.settings.spool->path;
           });
  };
  for (Outlet& outlet : outlets_) {
    if (!is_wanted(outlet)) continue;
    outlet.sender->close();
    channel::Sender::Counters last = outlet.sender->counters();
    // They are counted where they are found.
    const std::uint64_t left = std::exchange(last.left_in_spool, 0);
    last.waiting -= left;
    last.pushed -= left;
    pushed_ -= left;
    past_[outlet.as.name] += last;
    outlet.sender = nullptr;
  }
  std::erase_if(outlets_, [](const Outlet& outlet) { return outlet.sender == nullptr; });
}

util::Result<std::unique_ptr<channel::Sender>> Outlets::open_one(const Opened& as) const {
  auto opened = channel::open_channel(as.settings, deliver_);
  if (!opened) return opened.error();
  std::unique_ptr<channel::Spool> spool;
  if (as.settings.spool) {
    auto made = channel::Spool::open(*as.settings.spool);
    if (!made) return util::Error{fmt::format("channel {}: {}", as.name, made.error().message)};
    spool = std::move(*made);
  }
  channel::SenderConfig config;
  config.queue_octets = as.queue_octets;
  config.when_full = live_ ? util::WhenFull::drop_newest : util::WhenFull::block;
  return std::make_unique<channel::Sender>(as.name, std::move(*opened), config, report_, std::move(spool));
}

/// It may go on trying for a while, during which nobody is to wait for it.
void Outlets::let_go(std::unique_ptr<channel::Sender> sender) {
  sender->hurry();
  channel::Sender& leaving = *sender;
  leaving_.push_back({std::move(sender), std::jthread([&leaving] { leaving.close(); })});
}

void Outlets::forget_closed() {
  for (Leaving& one : leaving_) {
    if (!one.sender->closed()) continue;
    one.closing.join();
    past_[one.sender->name()] += one.sender->counters();
    one.sender = nullptr;
  }
  std::erase_if(leaving_, [](const Leaving& one) { return one.sender == nullptr; });
}

/// Each reducer with its channels.
void Outlets::wire(const Config& config) {
  by_reducer_.clear();
  for (const ReducerEntry& entry : config.reducers) {
    auto& targets = by_reducer_.emplace_back();
    for (const std::string& channel : entry.send)
      for (const Outlet& outlet : outlets_)
        if (outlet.as.name == channel) targets.push_back(outlet.sender.get());
    if (targets.empty())
      report_(fmt::format("reducer {}: has no send = [{{ channel = \"...\" }}]: what it counts goes nowhere",
                          entry.reducer.shown_name()));
  }
}

void Outlets::send(std::size_t reducer, summary::Summary summary) {
  const auto& targets = by_reducer_[reducer];
  pushed_ += targets.size();
  for (std::size_t t = 0; t + 1 < targets.size(); ++t) targets[t]->send(summary);
  if (!targets.empty()) targets.back()->send(std::move(summary));
}

void Outlets::close() {
  for (const Outlet& outlet : outlets_) outlet.sender->wind_up();
  for (const Outlet& outlet : outlets_) outlet.sender->close();
  for (Leaving& one : leaving_)
    if (one.closing.joinable()) one.closing.join();
}

void Outlets::hurry() {
  for (const Outlet& outlet : outlets_) outlet.sender->hurry();
}

void Outlets::make_way() {
  for (const Outlet& outlet : outlets_) outlet.sender->make_way();
}

bool Outlets::nobody_listens() const {
  return !outlets_.empty() && std::ranges::all_of(outlets_, [](const Outlet& outlet) { return outlet.sender->gone(); });
}

void Outlets::add_to(Books& books) const {
  for (const Outlet& outlet : outlets_) add(outlet.sender->counters(), books);
  for (const Leaving& one : leaving_) add(one.sender->counters(), books);
  for (const auto& [name, past] : past_) add(past, books);
  books.summaries_pushed += pushed_ + books.summaries_found;
}

/// With those before it, so that no figure of a name ever falls.
Outlets::Counters Outlets::counters_of(const channel::Sender& sender) const {
  Counters sum = sender.counters();
  for (const Leaving& one : leaving_)
    if (one.sender->name() == sender.name()) sum += one.sender->counters();
  if (const auto past = past_.find(sender.name()); past != past_.end()) sum += past->second;
  return sum;
}

std::vector<OutletState> Outlets::states() const {
  std::vector<OutletState> states;
  for (const auto& [as, sender] : outlets_)
    states.push_back({as.name, channel::shown_url(as.settings.url), sender->health(), counters_of(*sender)});
  return states;
}

}  // namespace rata::pipeline
