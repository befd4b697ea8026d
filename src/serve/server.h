#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "aggregate/view.h"
#include "util/result.h"

namespace rata::serve {

struct Config {
  std::string address = "127.0.0.1";
  std::uint16_t port = 8353;                          ///< 0: any free one
  std::size_t clients = 256;                          ///< connections at a time; further ones get 503
  std::size_t client_queue_octets = 4 * 1024 * 1024;  ///< waiting for one event stream; beyond it whole events go
  std::size_t request_octets = 16 * 1024;
  std::chrono::milliseconds request_timeout{10'000};   ///< from a request's first octet to its last
  std::chrono::milliseconds idle_timeout{60'000};      ///< between two requests
  std::chrono::milliseconds stall_timeout{120'000};    ///< for the client to take what waits for it
  std::chrono::milliseconds comment_interval{15'000};  ///< of silence in an event stream, then a comment line
};

/// What the server shows beside the board.
struct Content {
  std::vector<unsigned> spans;           ///< minutes
  std::string servers_location_json;     ///< the older aggregator's list
  std::function<std::string()> metrics;  ///< Prometheus text; called on the server's thread
  bool page = true;                      ///< false: /metrics and /healthz only (a monitor)
};

/// HTTP for the page, its API and the older event streams, on a thread of its own. docs/api.md says what it answers.
/// A slow or vanished client costs a bounded queue and nobody else anything.
class Server {
 public:
  /// Binds and starts to answer. Errors: the address and why it cannot be had, and how to choose another.
  static util::Result<std::unique_ptr<Server>> start(const Config& config, Content content);
  virtual ~Server() = default;  ///< closes every connection and joins the thread, within a second

  /// Makes a new board and status known to all listeners. Of several that come faster than they are taken over, the
  /// newest counts. Thread: any; returns at once.
  virtual void publish(aggregate::Board board, std::string status_json) = 0;
  virtual std::uint16_t port() const = 0;

  struct Counters {
    std::uint64_t requests = 0;        ///< answered, errors included
    std::uint64_t refused = 0;         ///< connections beyond `clients`
    std::uint64_t streams = 0;         ///< event streams begun
    std::uint64_t events_sent = 0;     ///< handed to the kernel, over all streams
    std::uint64_t events_dropped = 0;  ///< overtaken or beyond the queue of a slow client
    std::uint64_t connections = 0;     ///< open now
  };
  virtual Counters counters() const = 0;
};

}  // namespace rata::serve
