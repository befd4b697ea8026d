#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "fleet/ledger.h"

namespace rata::fleet {

/// What came to all listeners.
struct Heard {
  struct Events {
    std::uint64_t count = 0, octets = 0;
  };
  std::map<std::string, Events> events;  ///< by name; octets of their data
  std::size_t listening = 0;
  std::uint64_t broken = 0;  ///< streams that ended
};

/// One browser that listens to /api/v1/live. It looks for line ends only, not into what the lines say, unless it is the
/// witness, who reads which windows a publication shows.
class Listener {
 public:
  struct Setting {
    std::size_t number = 0;
    std::string target;  ///< "/api/v1/live?span=1"
    bool is_witness = false;
  };

  Listener(boost::asio::io_context& io, Setting setting, Ledger& ledger, Heard& heard);
  boost::asio::awaitable<void> run(boost::asio::ip::tcp::endpoint server);
  void close();

 private:
  boost::asio::awaitable<bool> open(const boost::asio::ip::tcp::endpoint& server);
  void take(std::string_view octets, Clock::time_point now);
  void end_line(std::string_view line, Clock::time_point now);
  void read_rates(std::string_view json);

  boost::asio::ip::tcp::socket socket_;
  Setting setting_;
  Ledger& ledger_;
  Heard& heard_;
  std::string line_;  ///< its beginning; the witness has all of it
  std::string event_;
  std::size_t line_octets_ = 0;                  ///< of what has come of the line
  std::map<std::string, std::int64_t> waiting_;  ///< windows shown, of a publication whose number comes at its end
};

}  // namespace rata::fleet
