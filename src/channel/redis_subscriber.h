#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "channel/channel.h"
#include "channel/redis_connection.h"
#include "util/guarded.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::channel {

struct RedisSubscriberConfig {
  Settings server;                    ///< of which url, password_* and the files for TLS count
  std::vector<std::string> channels;  ///< SUBSCRIBE
  std::vector<std::string> patterns;  ///< PSUBSCRIBE. What fits several of both comes several times
  // With neither: the pattern "*", of which only messages that begin with "{" are handed on, as all summaries do.

  std::size_t most_message_octets = 64 * 1024 * 1024;  ///< a larger one ends the connection
  std::chrono::milliseconds ping_every{10'000};        ///< and a peer that says nothing until the next one is dead
  std::chrono::milliseconds first_retry{100};          ///< doubles up to `longest_retry`; half of it is chance
  std::chrono::milliseconds longest_retry{10'000};
  std::uint64_t seed = std::random_device{}();  ///< of that chance
};

/// The far end of Redis PUBLISH: a thread that hears messages, and connects again after every trouble. Redis keeps
/// nothing for who is not there: when nothing could be heard is remembered.
/// It subscribes and pings, and never writes; a user of Redis' ACL needs +subscribe, +psubscribe, +ping and the
/// channels.
class RedisSubscriber {
 public:
  /// One message, as it came. Thread: the subscriber's. Lifetime of both: the call.
  using Take = std::function<void(std::string_view channel, std::string_view message)>;
  /// Said once per trouble, and once when it is over: a sentence for the operator. Thread: the subscriber's.
  using Report = std::function<void(const std::string&)>;

  /// Redis is not asked yet: one that is down is waited for. Errors: what is wrong with the settings.
  static util::Result<std::unique_ptr<RedisSubscriber>> start(std::string name, const RedisSubscriberConfig& config,
                                                              Take take, Report report);
  ~RedisSubscriber();  ///< ends at once, but for a message that is being taken

  struct Counters {
    std::uint64_t messages = 0;    ///< handed on
    std::uint64_t empty = 0;       ///< nothing but blanks and line ends, as the older chain sends; ignored
    std::uint64_t foreign = 0;     ///< came by the default pattern and cannot be a summary; ignored
    std::uint64_t too_large = 0;   ///< ended the connection
    std::uint64_t reconnects = 0;  ///< subscribed once more
    std::uint64_t gaps = 0;        ///< all that ever were
  };
  Counters counters() const;

  /// A time, of the wall clock, in which nothing was heard because of a trouble: from the last octets that came (or the
  /// start) until Redis confirmed the subscriptions. What was published then may be lost.
  struct Gap {
    util::Time from, to;
  };
  struct Hearing {
    std::string trouble;   ///< empty: messages are heard
    util::Time since;      ///< when that, or the trouble, began
    std::deque<Gap> gaps;  ///< that are over: the last 16
  };
  Hearing hearing() const;

 private:
  using Clock = std::chrono::steady_clock;

  RedisSubscriber(std::string name, const RedisSubscriberConfig& config, std::unique_ptr<RedisConnection> connection,
                  Take take, Report report);
  void run();
  util::Error hear();
  util::Result<void> subscribe();
  util::Result<void> take_reply(const RedisReply& reply);
  void take_message(std::string_view channel, std::string_view message);
  void note_hearing();
  void note_trouble(const util::Error& error);
  std::chrono::milliseconds with_chance(std::chrono::milliseconds pause);

  const std::string name_;
  const RedisSubscriberConfig config_;
  const bool only_summaries_;  // the default pattern was taken
  const std::unique_ptr<RedisConnection> connection_;
  const Take take_;
  const Report report_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::uint64_t> messages_ = 0, empty_ = 0, foreign_ = 0, too_large_ = 0, reconnects_ = 0, gaps_ = 0;
  util::Guarded<Hearing> hearing_;

  // The thread's own.
  bool troubled_ = false, heard_before_ = false;
  std::size_t unconfirmed_ = 0;  // subscriptions asked for
  std::mt19937_64 chance_;
  std::thread thread_;
};

}  // namespace rata::channel
