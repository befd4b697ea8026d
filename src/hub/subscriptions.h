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

  /// Errors: settings that cannot be; a Redis that is down is waited for. Lifetime: the inbox's.
  static util::Result<std::unique_ptr<Subscriptions>> start(const std::vector<channel::RedisSubscriberConfig>& configs,
                                                            Inbox& inbox, Report report);

  std::vector<SubscriptionState> states() const;

 private:
  struct Listening {
    std::string url;  ///< as it may be shown
    std::unique_ptr<channel::RedisSubscriber> subscriber;
  };
  std::vector<Listening> all_;
};

}  // namespace rata::hub
