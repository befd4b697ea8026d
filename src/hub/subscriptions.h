#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channel/redis_subscriber.h"
#include "hub/inbox.h"
#include "hub/status.h"
#include "util/result.h"

namespace rata::hub {

/// Listens to what older monitors and ours publish in Redis, and puts it into the inbox. Best effort: what is published
/// while nobody is connected is gone.
class Subscriptions {
 public:
  using Report = std::function<void(const std::string&)>;
  using Configs = std::vector<channel::RedisSubscriberConfig>;

  /// Lifetime: the inbox's.
  Subscriptions(Inbox& inbox, Report report) : inbox_(inbox), report_(std::move(report)) {}

  /// Errors: settings that cannot be; a Redis that is down is waited for.
  static util::Result<void> try_out(const Configs& configs);
  /// Listens to these from now on. One that stays the same hears on without a gap. Errors: as of `try_out`; the others
  /// are listened to.
  util::Result<void> follow(const Configs& configs);

  std::vector<SubscriptionState> states() const;

 private:
  /// What is new when any of it is another.
  struct As {
    channel::Settings server;
    std::vector<std::string> channels, patterns;
    std::string secret;  ///< what was in its file

    friend bool operator==(const As&, const As&) = default;
  };
  struct Listening {
    As as;
    std::string url;                                   ///< as it may be shown
    std::uint64_t messages_before, reconnects_before;  ///< of subscriptions to that URL that this one took the place of
    std::unique_ptr<channel::RedisSubscriber> subscriber;
  };

  static As as(const channel::RedisSubscriberConfig& config);
  static SubscriptionState state(const Listening& one);
  util::Result<void> listen(const channel::RedisSubscriberConfig& config, const std::vector<SubscriptionState>& before);

  Inbox& inbox_;
  Report report_;
  std::vector<Listening> all_;
};

}  // namespace rata::hub
