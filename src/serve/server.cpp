#include "serve/server.h"

#include "serve/session.h"  // before the rest of Asio

#include <fmt/format.h>
#include <openssl/rand.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "serve/board_views.h"
#include "serve/tls.h"
#include "util/address.h"
#include "util/guarded.h"

namespace rata::serve {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Without free descriptors accepting fails at once, again and again.
constexpr std::chrono::milliseconds pause_after_failed_accept{200};

std::string place(const std::string& address, std::uint16_t port) {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

util::Error cannot_listen(const Config& config, const error_code& why) {
  return {fmt::format("cannot listen on {}: {}; choose another with --listen ADDRESS:PORT",
                      place(config.address, config.port), why.message())};
}

/// Signals belong to the program's main thread: none is delivered to threads that start while this lives.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (int signal = SIGRTMIN; signal <= SIGRTMAX; ++signal) sigdelset(&all, signal);  // privileges go by one of them
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_{};
};

/// What publish() was given and the server's thread has not taken over yet.
struct Pending {
  std::shared_ptr<const Views> views;  ///< null: nothing waits
  std::string status_json;
};

using TlsContext = std::shared_ptr<asio::ssl::context>;

/// Text that no other start of a server has.
std::string new_epoch() {
  std::array<std::uint8_t, 8> octets{};
  RAND_bytes(octets.data(), octets.size());
  return util::hex(octets);
}

class HttpServer final : public Server {
 public:
  HttpServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, TlsContext tls, const Config& config,
             Content content);
  ~HttpServer() override;

  void publish(std::shared_ptr<const Views> views, std::string status_json) override;
  void publish(aggregate::Board board, std::string status_json) override;
  util::Result<void> reload_tls() override;
  std::uint16_t port() const override { return local_.port(); }
  Counters counters() const override;

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> pause_after(error_code why);
  void admit(tcp::socket socket);
  void take_over();
  void stop();

  const std::unique_ptr<asio::io_context> io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_;
  const tcp::endpoint local_;
  util::Guarded<Pending> pending_;
  util::Guarded<std::shared_ptr<const BoardViews>> board_;  // the newest that was published
  util::Guarded<TlsContext> tls_;                           // null: plain HTTP
  Common common_;
  bool stopping_ = false;
  bool accept_failure_reported_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, TlsContext tls,
                       const Config& config, Content content)
    : io_(std::move(io)),
      acceptor_(std::move(acceptor)),
      pause_(*io_),
      local_(acceptor_.local_endpoint()),
      tls_(std::move(tls)),
      common_{.config = config,
              .tally = {},
              .bulletin = Bulletin(new_epoch()),
              .gatekeeper = Gatekeeper(config.access, common_.tally),
              .router = Router(config, content, local_.address().is_loopback(), common_.bulletin, common_.gatekeeper,
                               common_.tally),
              .mailbox = std::make_shared<Mailbox>(*io_),
              .room = std::make_shared<Room>(config.deliveries_octets),
              .sessions = {}} {
  asio::co_spawn(*io_, accept_all(), asio::detached);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { io_->run(); });
  spdlog::debug("serving on {}", place(local_.address().to_string(), local_.port()));
}

HttpServer::~HttpServer() {
  asio::post(*io_, [this] { stop(); });
  thread_.join();
  common_.mailbox->close();
  spdlog::debug("no longer serving on {}", place(local_.address().to_string(), local_.port()));
}

/// With everything closed the thread runs out of work and ends.
void HttpServer::stop() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (const auto& session : common_.sessions) session->close();
}

void HttpServer::publish(std::shared_ptr<const Views> views, std::string status_json) {
  if (views == nullptr) views = std::make_shared<const BoardViews>(aggregate::Board());  // a monitor shows none
  // What is replaced, if anything, is freed after the lock.
  pending_.with([&](Pending& pending) {
    std::swap(pending.views, views);
    std::swap(pending.status_json, status_json);
  });
  if (views == nullptr) asio::post(*io_, [this] { take_over(); });
}

void HttpServer::publish(aggregate::Board board, std::string status_json) {
  const auto before = board_.with([](const auto& newest) { return newest; });
  const auto views = std::make_shared<const BoardViews>(std::move(board), before.get());
  board_.with([&](auto& newest) { newest = views; });
  publish(views, std::move(status_json));
}

util::Result<void> HttpServer::reload_tls() {
  if (!common_.config.tls) return {};
  auto renewed = read_tls(*common_.config.tls);
  if (!renewed) return renewed.error();
  tls_.with([&](TlsContext& tls) { std::swap(tls, *renewed); });
  return {};
}

void HttpServer::take_over() {
  Pending newest = pending_.with([](Pending& pending) { return std::exchange(pending, {}); });
  common_.bulletin.replace(std::move(newest.views), std::move(newest.status_json));
  for (const auto& session : common_.sessions) session->published();
}

asio::awaitable<void> HttpServer::accept_all() {
  while (!stopping_) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(into(error));
    if (stopping_) break;
    if (error)
      co_await pause_after(error);
    else
      admit(std::move(socket));
  }
}

void HttpServer::admit(tcp::socket socket) {
  const bool full = common_.sessions.size() - common_.turned_away >= common_.config.clients;
  const auto welcome = full ? Session::Welcome::turned_away : Session::Welcome::served;
  const TlsContext tls = tls_.with([](const TlsContext& newest) { return newest; });
  Session::start(tls ? Wire(std::move(socket), *tls) : Wire(std::move(socket)), common_, welcome);
}

asio::awaitable<void> HttpServer::pause_after(error_code why) {
  if (!std::exchange(accept_failure_reported_, true))
    spdlog::error("cannot accept connections on {}: {}; trying again", place(local_.address().to_string(), port()),
                  why.message());
  pause_.expires_after(pause_after_failed_accept);
  error_code ignored;
  co_await pause_.async_wait(into(ignored));
}

Server::Counters HttpServer::counters() const {
  const Tally& tally = common_.tally;
  return {.requests = tally.requests,
          .refused = tally.refused,
          .streams = tally.streams,
          .events_sent = tally.events_sent,
          .events_dropped = tally.events_dropped,
          .connections = tally.connections,
          .unauthorised = tally.unauthorised,
          .handshakes_failed = tally.handshakes_failed,
          .deliveries = tally.deliveries,
          .deliveries_refused = tally.deliveries_refused};
}

/// Where to listen. Errors: in `error`.
tcp::endpoint endpoint_of(asio::io_context& io, const Config& config, error_code& error) {
  tcp::resolver resolver(io);
  const std::string address = config.address.empty() ? Config().address : config.address;
  const auto found = resolver.resolve(address, std::to_string(config.port), tcp::resolver::passive, error);
  return error ? tcp::endpoint() : found.begin()->endpoint();
}

/// Errors: in `error`; the acceptor is then not open.
tcp::acceptor listen(asio::io_context& io, const tcp::endpoint& endpoint, error_code& error) {
  tcp::acceptor acceptor(io);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return acceptor;
}

/// Beyond this machine nobody reads without TLS and a token: clients' addresses and names are on the way.
util::Result<void> check_exposure(const Config& config, const tcp::endpoint& endpoint) {
  if (auto good = check(config.access); !good) return good;
  const bool asks_for_certificates = config.tls && !config.tls->client_ca_file.empty();
  for (const Access& entry : config.access)
    if (!entry.certificate.empty() && !asks_for_certificates)
      return util::Error{fmt::format(
          "access \"{}\" wants a certificate, which no client is asked for; [serve] tls = {{ client_ca = \"FILE\" }} "
          "names who signs them",
          entry.name)};
  if (endpoint.address().is_loopback() || (config.tls && !config.access.empty())) return {};
  return util::Error{
      fmt::format("cannot listen on {}: others can reach it, so it needs {}; or listen on 127.0.0.1",
                  place(config.address, config.port),
                  config.tls ? "at least one [[access]] with a token or a certificate"
                             : "[serve] tls = { certificate = \"FILE\", key = \"FILE\" } and at least one [[access]]")};
}

}  // namespace

util::Result<std::unique_ptr<Server>> Server::start(const Config& config, Content content) {
  auto io = std::make_unique<asio::io_context>(1);
  error_code error;
  const tcp::endpoint endpoint = endpoint_of(*io, config, error);
  if (error) return cannot_listen(config, error);
  if (auto guarded = check_exposure(config, endpoint); !guarded) return guarded.error();
  TlsContext tls;
  if (config.tls) {
    auto read = read_tls(*config.tls);
    if (!read) return read.error();
    tls = std::move(*read);
  }
  tcp::acceptor acceptor = listen(*io, endpoint, error);
  if (error) return cannot_listen(config, error);
  std::unique_ptr<Server> server =
      std::make_unique<HttpServer>(std::move(io), std::move(acceptor), std::move(tls), config, std::move(content));
  return server;
}

}  // namespace rata::serve
