#include "serve/wire.h"

#include <boost/asio/write.hpp>

#include "serve/tls.h"

namespace rata::serve {

namespace asio = boost::asio;

Wire::Socket& Wire::socket() {
  if (auto* tls = std::get_if<Tls>(&stream_)) return tls->next_layer();
  return std::get<Socket>(stream_);
}

Wire::Awaitable<void> Wire::shake_hands(Error& error) {
  if (auto* tls = std::get_if<Tls>(&stream_))
    co_await tls->async_handshake(asio::ssl::stream_base::server, into(error));
}

Wire::Awaitable<std::size_t> Wire::read_some(asio::mutable_buffer room, Error& error) {
  if (auto* tls = std::get_if<Tls>(&stream_)) co_return co_await tls->async_read_some(room, into(error));
  co_return co_await std::get<Socket>(stream_).async_read_some(room, into(error));
}

Wire::Awaitable<void> Wire::write(std::span<const asio::const_buffer> buffers, Error& error) {
  if (auto* tls = std::get_if<Tls>(&stream_))
    co_await asio::async_write(*tls, buffers, into(error));
  else
    co_await asio::async_write(std::get<Socket>(stream_), buffers, into(error));
}

Wire::Awaitable<void> Wire::say_end() {
  Error ignored;
  if (auto* tls = std::get_if<Tls>(&stream_)) co_await tls->async_shutdown(into(ignored));
  socket().shutdown(Socket::shutdown_send, ignored);
}

std::vector<std::string> Wire::names_of_client() {
  auto* tls = std::get_if<Tls>(&stream_);
  return tls != nullptr ? certificate_names(tls->native_handle()) : std::vector<std::string>();
}

}  // namespace rata::serve
