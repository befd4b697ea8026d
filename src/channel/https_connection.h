#pragma once

#include <utility>  // before Asio: its coroutines need std::exchange and do not ask for it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "channel/channel.h"
#include "channel/url_place.h"
#include "util/result.h"

namespace rata::channel {

/// A TCP connection, bare or inside TLS, whose calls come back by a deadline. After an error it is of no more use.
/// Thread: one, which does all the work; there is none behind.
class HttpsConnection {
 public:
  using Deadline = std::chrono::steady_clock::time_point;
  enum class Security {
    tls,
    none,  ///< to this machine only: a name that leads elsewhere is an error
  };

  /// Tries all addresses of the host in turn, each with its share of the time that is left, then the handshake, with
  /// the files for TLS that the settings name. Errors: what was tried on which address, and why it failed. Not handled:
  /// how long the system's resolver takes over a host's name.
  static util::Result<std::unique_ptr<HttpsConnection>> open(const UrlPlace& place, Security security,
                                                             const Settings& files, Deadline deadline);
  HttpsConnection(const HttpsConnection&) = delete;
  HttpsConnection& operator=(const HttpsConnection&) = delete;

  util::Result<void> write(std::string_view octets, Deadline deadline);
  /// How many octets have come, at least one; 0: the other side has ended the connection.
  util::Result<std::size_t> read_some(std::span<char> into, Deadline deadline);

  /// Asked while nothing is awaited: what comes then is the end, or out of turn. Found before something is sent,
  /// nothing is in doubt.
  bool is_quiet();
  /// "TLSv1.3, certificate valid until 2027-01-31"; empty: without TLS.
  std::string security();

 private:
  using Socket = boost::asio::ip::tcp::socket;
  using Endpoints = boost::asio::ip::tcp::resolver::results_type;

  HttpsConnection() = default;
  util::Result<void> connect(const UrlPlace& place, const Endpoints& endpoints, Security security, Deadline deadline);
  util::Result<void> shake_hands(const UrlPlace& place, const Settings& files, Deadline deadline);
  /// Runs what `start` begins with the handler that it is given, to its end or to the deadline (error::timed_out).
  template <typename Start>
  boost::system::error_code finish(Deadline deadline, Start start);

  boost::asio::io_context loop_{1};
  Socket socket_{loop_};
  std::optional<boost::asio::ssl::stream<Socket&>> tls_;
};

}  // namespace rata::channel
