#include "channel/https_connection.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/write.hpp>
#include <ctime>

#include "channel/client_tls.h"

namespace rata::channel {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Clock = std::chrono::steady_clock;

/// Of the deadline's as of the system's own patience.
std::string text(const error_code& error) {
  return error == asio::error::timed_out ? std::string("no answer in time") : error.message();
}

util::Result<tcp::resolver::results_type> resolve(asio::io_context& context, const UrlPlace& place) {
  error_code error;
  auto found = tcp::resolver(context).resolve(place.host, std::to_string(place.port), error);
  if (error) return util::Error{fmt::format("cannot connect: no address for {}: {}", place.host, error.message())};
  return found;
}

std::string at(const tcp::endpoint& endpoint) {
  return UrlPlace{.host = endpoint.address().to_string(), .port = endpoint.port()}.text();
}

}  // namespace

template <typename Start>
error_code HttpsConnection::finish(Deadline deadline, Start start) {
  std::optional<error_code> outcome;
  loop_.restart();
  start([&outcome](const error_code& error, auto&&...) { outcome = error; });
  loop_.run_until(deadline);
  if (outcome) return *outcome;
  // What was begun uses the caller's memory: it is over only when its handler has run.
  error_code ignored;
  socket_.close(ignored);
  loop_.restart();
  loop_.run();
  return asio::error::timed_out;
}

util::Result<std::unique_ptr<HttpsConnection>> HttpsConnection::open(const UrlPlace& place, Security security,
                                                                     const Settings& files, Deadline deadline) {
  std::unique_ptr<HttpsConnection> connection(new HttpsConnection);
  const auto endpoints = resolve(connection->loop_, place);
  if (!endpoints) return endpoints.error();
  if (auto done = connection->connect(place, *endpoints, security, deadline); !done) return done.error();
  if (security == Security::none) return connection;
  if (auto done = connection->shake_hands(place, files, deadline); !done) return done.error();
  return connection;
}

util::Result<void> HttpsConnection::connect(const UrlPlace& place, const Endpoints& endpoints, Security security,
                                            Deadline deadline) {
  std::string failures;
  auto left = static_cast<Clock::rep>(endpoints.size());
  for (const auto& entry : endpoints) {
    const tcp::endpoint endpoint = entry.endpoint();
    const Deadline share = Clock::now() + (deadline - Clock::now()) / left--;
    if (security == Security::none && !endpoint.address().is_loopback()) {
      failures += fmt::format("; {} is not on this machine: only https:// leads there", at(endpoint));
      continue;
    }
    error_code error;
    socket_.close(error);
    socket_.open(endpoint.protocol(), error);
    if (!error) fcntl(socket_.native_handle(), F_SETFD, FD_CLOEXEC);
    if (!error) error = finish(share, [&](auto done) { socket_.async_connect(endpoint, done); });
    if (!error) {
      socket_.set_option(tcp::no_delay(true), error);
      return {};
    }
    failures += fmt::format("; {}: {}", at(endpoint), text(error));
  }
  return util::Error{
      fmt::format("cannot connect: {}", failures.empty() ? place.host + " has no address" : failures.substr(2))};
}

util::Result<void> HttpsConnection::shake_hands(const UrlPlace& place, const Settings& files, Deadline deadline) {
  auto context = client_tls(files);
  if (!context) return context.error();
  tls_.emplace(socket_, **context);
  if (auto expected = expect_server(tls_->native_handle(), place.host); !expected) return expected;
  const error_code error =
      finish(deadline, [&](auto done) { tls_->async_handshake(asio::ssl::stream_base::client, done); });
  if (!error) return {};
  if (error == asio::error::timed_out) return util::Error{"TLS: no handshake in time"};
  return util::Error{handshake_fault(tls_->native_handle(), place.host, error)};
}

util::Result<void> HttpsConnection::write(std::string_view octets, Deadline deadline) {
  const auto buffer = asio::buffer(octets);
  const error_code error = finish(deadline, [&](auto done) {
    if (tls_)
      asio::async_write(*tls_, buffer, done);
    else
      asio::async_write(socket_, buffer, done);
  });
  if (error) return util::Error{text(error)};
  return {};
}

util::Result<std::size_t> HttpsConnection::read_some(std::span<char> into, Deadline deadline) {
  const auto buffer = asio::buffer(into.data(), into.size());
  std::size_t octets = 0;
  const error_code error = finish(deadline, [&](auto done) {
    const auto count = [&octets, done](const error_code& ended, std::size_t came) {
      octets = came;
      done(ended);
    };
    if (tls_)
      tls_->async_read_some(buffer, count);
    else
      socket_.async_read_some(buffer, count);
  });
  // Many servers end TLS without saying so; whoever reads knows where its message ends.
  if (error == asio::error::eof || error == asio::ssl::error::stream_truncated) return std::size_t{0};
  if (error) return util::Error{text(error)};
  return octets;
}

bool HttpsConnection::is_quiet() {
  pollfd input{.fd = socket_.native_handle(), .events = POLLIN, .revents = 0};
  return socket_.is_open() && poll(&input, 1, 0) == 0;
}

std::string HttpsConnection::security() {
  if (!tls_) return "";
  const X509* const certificate = SSL_get0_peer_certificate(tls_->native_handle());
  std::tm end{};
  if (certificate == nullptr || ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return "";
  return fmt::format("{}, certificate valid until {:04}-{:02}-{:02}", SSL_get_version(tls_->native_handle()),
                     end.tm_year + 1900, end.tm_mon + 1, end.tm_mday);
}

}  // namespace rata::channel
