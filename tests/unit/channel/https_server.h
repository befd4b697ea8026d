#pragma once

#include <utility>  // before Asio: its coroutines need std::exchange and do not ask for it

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "support/certificates.h"

namespace rata::channel {

using tests::Authority, tests::Identity;

/// A request as the server got it. Header names in lower case.
struct Request {
  std::string method, target, body;
  std::map<std::string, std::string> headers;
  int connection = 0;  ///< the how manieth, from 1
};

/// What the server does with a request.
struct Reply {
  enum class Then {
    keep,    ///< the connection
    leave,   ///< answers as if it would keep the connection, and closes it
    vanish,  ///< closes the connection in place of an answer
    cut,     ///< closes the connection in the middle of the answer
    stall,   ///< sends half an answer, then nothing
  };
  unsigned status = 200;
  std::string body = {};
  std::string more_headers = {};  ///< each with its line's end
  Then then = Then::keep;
};

struct ServerSettings {
  std::optional<Identity> identity = {};  ///< nullopt: without TLS
  std::string client_ca_file = {};        ///< clients have to show a certificate of this authority
  bool deaf = false;                      ///< accepts, and then says nothing
  bool hasty = false;                     ///< answers a request by its head, and closes the connection
};

/// An HTTP server on loopback, one connection at a time, on a thread of its own. Its end closes what is open.
class HttpsServer {
 public:
  using Handler = std::function<Reply(const Request&)>;
  HttpsServer(ServerSettings settings, Handler handler);
  ~HttpsServer();
  HttpsServer(const HttpsServer&) = delete;
  HttpsServer& operator=(const HttpsServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::vector<Request> requests() const;
  int connections() const;
  /// Waits until so many connections have ended; false: not within ten seconds.
  bool ended(int connections) const;

 private:
  using Socket = boost::asio::ip::tcp::socket;
  void run();
  void serve(Socket& socket);
  template <typename Stream>
  void answer_requests(Stream& stream);

  const ServerSettings settings_;
  const Handler handler_;
  boost::asio::io_context context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  int current_ = -1;  // descriptor of the connection that is served
  bool stopping_ = false;
  int begun_ = 0, ended_ = 0;
  std::vector<Request> requests_;
  std::thread thread_;
};

}  // namespace rata::channel
