#pragma once

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channel/channel.h"
#include "channel/redis_url.h"
#include "util/result.h"

namespace rata::channel {

/// What Redis answered. Lifetime of `text`: as long as the reply.
class RedisReply {
 public:
  enum class Kind { text, number, list, error, nothing };
  explicit RedisReply(void* reply);  ///< takes over what hiredis' reader has made

  Kind kind() const;
  std::string_view text() const;                      ///< of a text or an error, else empty
  long long number() const;                           ///< of a number, else 0
  std::size_t size() const;                           ///< of a list, else 0
  std::string_view text_at(std::size_t index) const;  ///< of a list's texts; empty: it is something else

 private:
  std::shared_ptr<void> reply_;
};

/// A connection to Redis, with TLS where the URL says rediss://: made when it is needed, and again after every trouble.
/// It waits on the thread that calls, never longer than it says here. An error ends the connection; its message names
/// the URL and what was tried, never the password.
/// Thread: one, but for `interrupt`. Not handled: how long the system's resolver takes over a host's name.
class RedisConnection {
 public:
  /// For each address of the host, for the TLS handshake, for a reply, and for a piece of a command to be taken.
  static constexpr std::chrono::milliseconds connect_patience{3'000}, command_patience{5'000};

  /// `most_octets`: a reply that is larger ends the connection, so that memory is bounded.
  /// Errors: what is wrong with the URL, the password's file or variable, or the files for TLS.
  static util::Result<std::unique_ptr<RedisConnection>> make(const Settings& settings, std::size_t most_octets);
  ~RedisConnection();

  /// Connects and logs in, if it is not there: a connection that was closed while it was idle is noticed, and nothing
  /// is in doubt then.
  util::Result<void> open();
  void close();

  /// Adds a command to what the next `reply` sends first.
  void append(std::span<const std::string_view> words);
  /// The reply to the oldest command without one, an error reply, too. `what`: the command's name in messages.
  util::Result<RedisReply> reply(std::string_view what);
  /// One command and its reply. Errors: an error reply, too.
  util::Result<RedisReply> ask(std::span<const std::string_view> words, std::string_view what);
  util::Result<RedisReply> ask(std::initializer_list<std::string_view> words, std::string_view what) {
    return ask(std::span(words.begin(), words.size()), what);
  }

  /// What has come by then; nothing: nothing complete has. Sends what was appended first.
  util::Result<std::optional<RedisReply>> next(std::chrono::steady_clock::time_point until, std::string_view what);
  /// When the last octets came, on this connection or, if there is none, on the last one.
  std::chrono::steady_clock::time_point last_heard() const;
  /// The connection was ended since something larger than `most_octets` came.
  bool overflowed() const { return overflowed_; }

  /// Does nothing for so long.
  void rest(std::chrono::milliseconds pause);
  /// What waits comes back at once, with an error, and nothing waits any more. Thread: any.
  void interrupt();

  std::string url() const { return url_.text(); }
  /// An error of this connection, which it does not end.
  util::Error trouble(std::string_view what) const;
  /// One that ends it.
  util::Error broken(std::string_view what);

 private:
  struct Loop;
  struct Link;
  using Clock = std::chrono::steady_clock;

  RedisConnection(RedisUrl url, const Settings& settings, std::size_t most_octets);
  util::Result<void> connect();
  util::Result<void> shake_hands();
  util::Result<void> log_in();
  std::string fault() const;
  std::string last_words();
  util::Result<void> write_out(std::string_view what);
  void start_reading();
  std::optional<RedisReply> complete_reply();
  template <typename Done>
  bool wait(Done done, Clock::time_point until);

  RedisUrl url_;
  Settings tls_;  // of which only the files for TLS count
  std::size_t most_octets_;
  bool overflowed_ = false;
  Clock::time_point last_heard_;  // before link_
  std::unique_ptr<Loop> loop_;
  std::shared_ptr<Link> link_;  // nullptr: not connected
};

}  // namespace rata::channel
