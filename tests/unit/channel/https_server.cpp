#include "https_server.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cctype>
#include <chrono>

namespace rata::channel {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace ssl = boost::asio::ssl;
using asio::ip::tcp;
using boost::system::error_code;

ssl::context context_of(const ServerSettings& settings) {
  ssl::context context(ssl::context::tls_server);
  context.use_certificate_chain_file(settings.identity->certificate_file);
  context.use_private_key_file(settings.identity->key_file, ssl::context::pem);
  if (settings.client_ca_file.empty()) return context;
  context.load_verify_file(settings.client_ca_file);
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  return context;
}

Request request_of(const http::request<http::string_body>& message) {
  Request request{
      .method = std::string(message.method_string()), .target = std::string(message.target()), .body = message.body()};
  for (const auto& field : message) {
    std::string name(field.name_string());
    for (char& octet : name) octet = static_cast<char>(std::tolower(static_cast<unsigned char>(octet)));
    request.headers[name] = std::string(field.value());
  }
  return request;
}

std::string octets_of(const Reply& reply) {
  return fmt::format("HTTP/1.1 {} Whatever\r\nContent-Length: {}\r\n{}\r\n{}", reply.status, reply.body.size(),
                     reply.more_headers, reply.body);
}

/// Until the client goes.
void wait_for_end(tcp::socket& socket) {
  std::array<char, 4096> ignored{};
  for (error_code error; !error;) socket.read_some(asio::buffer(ignored), error);
}

}  // namespace

HttpsServer::HttpsServer(ServerSettings settings, Handler handler)
    : settings_(std::move(settings)),
      handler_(std::move(handler)),
      acceptor_(context_, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      port_(acceptor_.local_endpoint().port()),
      thread_([this] { run(); }) {}

HttpsServer::~HttpsServer() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
    if (current_ >= 0) shutdown(current_, SHUT_RDWR);
    shutdown(acceptor_.native_handle(), SHUT_RDWR);
  }
  thread_.join();
}

std::vector<Request> HttpsServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

int HttpsServer::connections() const {
  const std::scoped_lock lock(mutex_);
  return begun_;
}

bool HttpsServer::ended(int connections) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return ended_ >= connections; });
}

void HttpsServer::run() {
  for (;;) {
    error_code error;
    tcp::socket socket = acceptor_.accept(error);
    {
      const std::scoped_lock lock(mutex_);
      if (error || stopping_) return;
      current_ = socket.native_handle();
      ++begun_;
    }
    serve(socket);
    {
      const std::scoped_lock lock(mutex_);
      current_ = -1;
    }
    socket.close(error);
    const std::scoped_lock lock(mutex_);
    ++ended_;
    changed_.notify_all();
  }
}

void HttpsServer::serve(Socket& socket) {
  if (settings_.deaf) return wait_for_end(socket);
  if (!settings_.identity) return answer_requests(socket);
  ssl::context context = context_of(settings_);
  ssl::stream<Socket&> stream(socket, context);
  error_code error;
  stream.handshake(ssl::stream_base::server, error);
  if (!error) answer_requests(stream);
}

template <typename Stream>
void HttpsServer::answer_requests(Stream& stream) {
  boost::beast::flat_buffer received;
  for (;;) {
    error_code error;
    http::request_parser<http::string_body> parser;
    parser.body_limit(64u << 20);
    if (settings_.hasty)
      http::read_header(stream, received, parser, error);
    else
      http::read(stream, received, parser, error);
    if (error) return;
    Request request = request_of(parser.get());
    {
      const std::scoped_lock lock(mutex_);
      request.connection = begun_;
      requests_.push_back(request);
    }
    const Reply reply = handler_(request);
    if (reply.then == Reply::Then::vanish) return;
    const std::string octets = octets_of(reply);
    const bool half = reply.then == Reply::Then::cut || reply.then == Reply::Then::stall;
    asio::write(stream, asio::buffer(octets, half ? octets.size() / 2 : octets.size()), error);
    if (reply.then == Reply::Then::stall) {
      std::array<char, 1> ignored{};
      stream.read_some(asio::buffer(ignored), error);
    }
    if (error || settings_.hasty || reply.then != Reply::Then::keep) return;
  }
}

}  // namespace rata::channel
