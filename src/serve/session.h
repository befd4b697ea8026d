#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "serve/common.h"
#include "serve/wire.h"

namespace rata::serve {

/// One connection: requests and answers one after the other, at the end perhaps an event stream.
/// Lifetime: `Common::sessions` and its own coroutines hold it. Thread: the server's.
class Session : public std::enable_shared_from_this<Session> {
 public:
  enum class Welcome : unsigned char {
    served,
    senders_only,  ///< one request, and only if it is one for which connections are kept
    turned_away,
  };

  static void start(Wire wire, Common& common);
  Session(Wire wire, Common& common, Peer peer, Welcome welcome);

  /// A new publication is there.
  void published();
  /// Who may read is another matter than before: an event stream that would not be opened now, or not like this, ends.
  void judge_anew();
  /// Ends what is going on; the session is gone soon after.
  void close();

 private:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;
  using Clock = std::chrono::steady_clock;
  struct Incoming;
  struct Reading;
  enum class Part : unsigned char { head, whole };

  static Awaitable<void> run(std::shared_ptr<Session> self);
  static Awaitable<void> watch_for_end(std::shared_ptr<Session> self);

  std::chrono::milliseconds first_timeout() const;
  Awaitable<bool> shake_hands();
  Awaitable<bool> exchange();
  void keep_to_senders(Incoming& incoming) const;
  Awaitable<Incoming> read_request();
  Awaitable<bool> read_to(Part part, Reading& reading);
  Awaitable<bool> read_body(const BodyRule& rule, Reading& reading);
  Awaitable<bool> read_more();
  Awaitable<Response> hand_over(Handover handover, Room::Part room);
  Awaitable<bool> write(const Response& response, Connection connection, bool with_body);
  Awaitable<bool> write(std::string_view head, std::string_view body);
  Awaitable<void> write_stream(Stream stream, bool with_body);
  Awaitable<void> write_events();
  Awaitable<bool> write_batch(const std::vector<Event>& batch);
  Awaitable<void> wait_for_events();
  Awaitable<void> say_farewell();
  std::vector<Event> next_batch();

  void set_deadline(Clock::duration from_now);
  void clear_deadline();
  void arm_deadline();
  void look_at_deadline();
  void end();

  Wire wire_;
  Common& common_;
  const Welcome welcome_;
  Peer peer_;
  boost::beast::flat_buffer received_;
  bool first_request_ = true;
  bool closed_ = false;

  // Past it, whatever the socket waits for is cancelled. The timer may be set for an earlier moment: it then looks
  // again, so that moving the deadline for each request costs nothing.
  boost::asio::steady_timer deadline_timer_;
  Clock::time_point timer_set_for_ = Clock::time_point::max();
  Clock::time_point deadline_ = Clock::time_point::max();
  bool overdue_ = false;

  std::unique_ptr<Listener> listener_;
  Access reader_;                   // who listens
  boost::asio::steady_timer wake_;  // cancelled when something has come that the session waits for
};

}  // namespace rata::serve
