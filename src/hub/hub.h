#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "hub/config.h"
#include "util/result.h"

namespace rata::hub {

/// A running aggregator: takes batches of summaries over HTTP and from Redis, commits them, merges them into views and
/// history, and serves both.
///
/// One thread commits, merges and keeps; the HTTP server has its own, and each subscription. A batch is answered when
/// it is on the disk. What waits for that is bounded by the server (serve::Config::deliveries_octets).
class Hub {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Opens history and listener, and begins to show again what was shown before, beside what comes. `report`: one
  /// sentence for the operator, at once, from any thread. Errors: the first that cannot be had.
  static util::Result<std::unique_ptr<Hub>> start(const Config& config, Report report);
  virtual ~Hub() = default;  ///< as `stop`
  /// Commits what has been taken, writes panes as far as that goes quickly, closes every connection.
  virtual void stop() = 0;

  virtual std::uint16_t port() const = 0;

  /// Applies what can change while it runs: groups, access, certificates, subscriptions, processors and limits of
  /// views. No window is lost by it. Errors: what is wrong or needs a new start; nothing has changed. Views that are
  /// filled anew take their time: when `is_to_end` says so, asked again and again meanwhile, the hub ends instead, as
  /// far as others see, and `stop` is to follow.
  virtual util::Result<void> reload(const Config& config, const std::function<bool()>& is_to_end) = 0;

  /// How things stand, a line each, for people.
  virtual std::string balance() const = 0;
};

}  // namespace rata::hub
