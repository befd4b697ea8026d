#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace rata::serve {

/// A connection's octets: as they are, or through TLS. One reader and one writer at a time.
/// Thread: the server's.
class Wire {
 public:
  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;
  using Socket = boost::asio::ip::tcp::socket;
  using Error = boost::system::error_code;

  explicit Wire(Socket socket) : stream_(std::in_place_type<Socket>, std::move(socket)) {}
  Wire(Socket socket, boost::asio::ssl::context& tls) : stream_(std::in_place_type<Tls>, std::move(socket), tls) {}

  /// What lies below; to cancel and to close.
  Socket& socket();
  bool has_tls() const { return std::holds_alternative<Tls>(stream_); }

  /// Nothing to do without TLS.
  Awaitable<void> shake_hands(Error& error);
  Awaitable<std::size_t> read_some(boost::asio::mutable_buffer room, Error& error);
  /// All of them. Lifetime: what the buffers point to, until it is done.
  Awaitable<void> write(std::span<const boost::asio::const_buffer> buffers, Error& error);
  /// Tells the client that nothing more comes.
  Awaitable<void> say_end();
  /// Names in the certificate that the client showed, if it is a good one.
  std::vector<std::string> names_of_client();

 private:
  using Tls = boost::beast::ssl_stream<Socket>;

  std::variant<Socket, Tls> stream_;
};

}  // namespace rata::serve
