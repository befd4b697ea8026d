#include "hub/subscriptions.h"

#include <string_view>
#include <utility>

#include "channel/channel.h"

namespace rata::hub {

util::Result<std::unique_ptr<Subscriptions>> Subscriptions::start(
    const std::vector<channel::RedisSubscriberConfig>& configs, Inbox& inbox, Report report) {
  auto subscriptions = std::make_unique<Subscriptions>();
  for (const channel::RedisSubscriberConfig& config : configs) {
    std::string url = channel::shown_url(config.server.url);
    const auto take = [&inbox](std::string_view, std::string_view message) { inbox.put(std::string(message)); };
    auto subscriber = channel::RedisSubscriber::start("subscription " + url, config, take, report);
    if (!subscriber) return subscriber.error();
    subscriptions->all_.push_back({std::move(url), std::move(*subscriber)});
  }
  return subscriptions;
}

std::vector<SubscriptionState> Subscriptions::states() const {
  std::vector<SubscriptionState> states;
  for (const auto& [url, subscriber] : all_) {
    const channel::RedisSubscriber::Counters counters = subscriber->counters();
    states.push_back({url, subscriber->hearing().trouble, counters.messages, counters.reconnects});
  }
  return states;
}

}  // namespace rata::hub
