#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <memory>
#include <unordered_set>

#include "serve/bulletin.h"
#include "serve/gatekeeper.h"
#include "serve/mailbox.h"
#include "serve/places.h"
#include "serve/room.h"
#include "serve/router.h"
#include "serve/server.h"
#include "serve/tally.h"

namespace rata::serve {

class Session;

/// What the connections have in common. Thread: the server's, but for `tally`, `mailbox` and `room`.
struct Common {
  explicit Common(boost::asio::io_context& io);

  /// Another configuration, from the next request on; streams are judged by it at once. `local`: where the server
  /// listens.
  void follow(const Config& newest, const Content& content, const boost::asio::ip::tcp::endpoint& local);

  Places::Limits limits() const;

  Config config;
  Report report;
  Tally tally;
  Bulletin bulletin;
  std::unique_ptr<Gatekeeper> gatekeeper;
  std::unique_ptr<Router> router;
  std::shared_ptr<Mailbox> mailbox;
  std::shared_ptr<Room> room;     ///< for deliveries
  bool takes_deliveries = false;  ///< and so keeps connections for who brings them
  std::unordered_set<std::shared_ptr<Session>> sessions;
  Places places;                ///< of the sessions that are served
  std::size_t turned_away = 0;  ///< how many of the sessions are not
};

}  // namespace rata::serve
