#include "hub/subscriptions.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "channel/channel.h"
#include "channel/redis_connection.h"

namespace rata::hub {

util::Result<void> Subscriptions::try_out(const Configs& configs) {
  for (const channel::RedisSubscriberConfig& config : configs)
    if (const auto usable = channel::RedisConnection::make(config.server, config.most_message_octets); !usable)
      return usable.error();
  return {};
}

/// A file that cannot be read is as good as empty here; who connects complains.
Subscriptions::As Subscriptions::as(const channel::RedisSubscriberConfig& config) {
  std::ifstream file(config.server.password_file, std::ios::binary);
  std::string secret{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  return {config.server, config.channels, config.patterns, std::move(secret)};
}

/// Those that are not wanted any more go first: a message without an id would count twice.
util::Result<void> Subscriptions::follow(const Configs& configs) {
  std::vector<Listening> stay;
  std::vector<const channel::RedisSubscriberConfig*> added;
  for (const channel::RedisSubscriberConfig& config : configs) {
    const auto there = std::ranges::find(all_, as(config), &Listening::as);
    if (there == all_.end()) {
      added.push_back(&config);
      continue;
    }
    stay.push_back(std::move(*there));
    all_.erase(there);
  }
  std::swap(all_, stay);
  std::vector<SubscriptionState> before;
  for (const Listening& one : stay) before.push_back(state(one));
  stay.clear();
  util::Result<void> outcome;
  for (const channel::RedisSubscriberConfig* const config : added)
    if (auto listening = listen(*config, before); !listening && outcome) outcome = listening;
  return outcome;
}

util::Result<void> Subscriptions::listen(const channel::RedisSubscriberConfig& config,
                                         const std::vector<SubscriptionState>& before) {
  std::string url = channel::shown_url(config.server.url);
  const auto take = [this](std::string_view, std::string_view message) { inbox_.put(std::string(message)); };
  auto subscriber = channel::RedisSubscriber::start("subscription " + url, config, take, report_);
  if (!subscriber) return subscriber.error();
  const auto same = std::ranges::find(before, url, &SubscriptionState::url);
  const bool goes_on = same != before.end();
  all_.push_back({as(config), std::move(url), goes_on ? same->messages : 0, goes_on ? same->reconnects : 0,
                  std::move(*subscriber)});
  return {};
}

SubscriptionState Subscriptions::state(const Listening& one) {
  const channel::RedisSubscriber::Counters counters = one.subscriber->counters();
  return {one.url, one.subscriber->hearing().trouble, one.messages_before + counters.messages,
          one.reconnects_before + counters.reconnects};
}

std::vector<SubscriptionState> Subscriptions::states() const {
  std::vector<SubscriptionState> states;
  for (const Listening& one : all_) states.push_back(state(one));
  return states;
}

}  // namespace rata::hub
