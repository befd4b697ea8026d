#pragma once

#include <atomic>
#include <cstdint>

namespace rata::serve {

/// What Server::counters reads while the server's thread writes.
struct Tally {
  std::atomic<std::uint64_t> requests = 0, refused = 0, streams = 0, events_sent = 0, events_dropped = 0,
                             connections = 0, unauthorised = 0, handshakes_failed = 0, deliveries = 0,
                             deliveries_refused = 0;
};

}  // namespace rata::serve
