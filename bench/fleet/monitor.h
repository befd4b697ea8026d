#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <chrono>
#include <string>

#include "channel/compressor.h"
#include "fleet/ledger.h"
#include "fleet/recording.h"

namespace rata::fleet {

/// What all monitors sent.
struct Sent {
  std::uint64_t posts = 0, windows = 0, summaries = 0, octets = 0, octets_unpacked = 0;
  std::uint64_t put_off = 0;     ///< 503: to be sent again later
  std::uint64_t not_taken = 0;   ///< posts with another answer than "all committed"
  std::uint64_t broken = 0;      ///< exchanges that got no answer
  std::string first_trouble;     ///< what the first of these answers said
  util::LogHistogram acks;       ///< microseconds from the request to the whole answer
  util::LogHistogram lateness;   ///< microseconds: how late this program itself was
  util::LogHistogram preparing;  ///< microseconds a body took to be made
};

/// One monitor that plays a recording: a window a second, sent when the second and its own delay are over, acknowledged
/// before the next one goes out. What became due meanwhile goes out together, as ratadns's own sender does it.
class Monitor {
 public:
  struct Setting {
    std::string server;
    const Recording* recording = nullptr;
    std::size_t first = 0;  ///< where in the recording it begins
    std::chrono::milliseconds delay{0};
    std::int64_t from = 0, to = 0;  ///< the windows that start in [from, to)
    std::int64_t measured_from = 0;
    std::int64_t step = 1;     ///< seconds from one window to the next
    bool in_real_time = true;  ///< else as fast as they are acknowledged
  };

  Monitor(boost::asio::io_context& io, Setting setting, Ledger& ledger, Sent& sent);
  boost::asio::awaitable<void> run(boost::asio::ip::tcp::endpoint server);

 private:
  struct Due {
    std::int64_t first = 0, last = 0;  ///< [first, last)
    std::size_t summaries = 0;
    std::string body;
  };

  Clock::time_point due_at(std::int64_t second) const { return at_second(second + 1) + setting_.delay; }
  Due prepare(std::int64_t first);
  boost::asio::awaitable<void> deliver(const Due& due);
  boost::asio::awaitable<bool> exchange(const Due& due, unsigned& status, std::string& said);
  bool understand(const Due& due, unsigned status, const std::string& said);
  boost::asio::awaitable<void> sleep_until(Clock::time_point time);

  boost::asio::ip::tcp::endpoint server_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::basic_waitable_timer<Clock> timer_;
  boost::beast::flat_buffer buffer_;
  Setting setting_;
  std::string boot_;
  channel::Compressor compressor_{channel::Compression::zstd};
  Ledger& ledger_;
  Sent& sent_;
};

}  // namespace rata::fleet
