#include "serve/server.h"

#include <utility>  // before Asio: see session.h

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>

#include "serve/session.h"
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
  bool waits = false;
  bool gap = false;  ///< it replaced one that was not taken over
  aggregate::Board board;
  std::string status_json;
};

class HttpServer final : public Server {
 public:
  HttpServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, const Config& config, Content content);
  ~HttpServer() override;

  void publish(aggregate::Board board, std::string status_json) override;
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
  Hub hub_;
  bool stopping_ = false;
  bool accept_failure_reported_ = false;
  std::thread thread_;
};

HttpServer::HttpServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, const Config& config,
                       Content content)
    : io_(std::move(io)),
      acceptor_(std::move(acceptor)),
      pause_(*io_),
      local_(acceptor_.local_endpoint()),
      hub_{.config = config,
           .tally = {},
           .bulletin = {},
           .router = Router(config, std::move(content), local_.address().is_loopback(), hub_.bulletin, hub_.tally),
           .sessions = {}} {
  asio::co_spawn(*io_, accept_all(), asio::detached);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] { io_->run(); });
  spdlog::debug("serving on {}", place(local_.address().to_string(), local_.port()));
}

HttpServer::~HttpServer() {
  asio::post(*io_, [this] { stop(); });
  thread_.join();
  spdlog::debug("no longer serving on {}", place(local_.address().to_string(), local_.port()));
}

/// With everything closed the thread runs out of work and ends.
void HttpServer::stop() {
  stopping_ = true;
  error_code ignored;
  acceptor_.close(ignored);
  pause_.cancel();
  for (const auto& session : hub_.sessions) session->close();
}

void HttpServer::publish(aggregate::Board board, std::string status_json) {
  // The board that is replaced, if any, is freed after the lock.
  const bool waited = pending_.with([&](Pending& pending) {
    std::swap(pending.board, board);
    std::swap(pending.status_json, status_json);
    pending.gap = pending.waits;
    return std::exchange(pending.waits, true);
  });
  if (!waited) asio::post(*io_, [this] { take_over(); });
}

void HttpServer::take_over() {
  Pending newest = pending_.with([](Pending& pending) { return std::exchange(pending, {}); });
  hub_.bulletin.replace(std::move(newest.board), std::move(newest.status_json), newest.gap);
  for (const auto& session : hub_.sessions) session->published();
}

asio::awaitable<void> HttpServer::accept_all() {
  while (!stopping_) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(asio::redirect_error(asio::use_awaitable, error));
    if (stopping_) break;
    if (error)
      co_await pause_after(error);
    else
      admit(std::move(socket));
  }
}

void HttpServer::admit(tcp::socket socket) {
  const bool full = hub_.sessions.size() - hub_.turned_away >= hub_.config.clients;
  Session::start(std::move(socket), hub_, full ? Session::Welcome::turned_away : Session::Welcome::served);
}

asio::awaitable<void> HttpServer::pause_after(error_code why) {
  if (!std::exchange(accept_failure_reported_, true))
    spdlog::error("cannot accept connections on {}: {}; trying again", place(local_.address().to_string(), port()),
                  why.message());
  pause_.expires_after(pause_after_failed_accept);
  error_code ignored;
  co_await pause_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Server::Counters HttpServer::counters() const {
  const Tally& tally = hub_.tally;
  return {.requests = tally.requests,
          .refused = tally.refused,
          .streams = tally.streams,
          .events_sent = tally.events_sent,
          .events_dropped = tally.events_dropped,
          .connections = tally.connections};
}

/// Errors: in `error`; the acceptor is then not open.
tcp::acceptor listen(asio::io_context& io, const Config& config, error_code& error) {
  tcp::acceptor acceptor(io);
  tcp::resolver resolver(io);
  const std::string address = config.address.empty() ? Config().address : config.address;
  const auto found = resolver.resolve(address, std::to_string(config.port), tcp::resolver::passive, error);
  if (error) return acceptor;
  const tcp::endpoint endpoint = found.begin()->endpoint();
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return acceptor;
}

}  // namespace

util::Result<std::unique_ptr<Server>> Server::start(const Config& config, Content content) {
  auto io = std::make_unique<asio::io_context>(1);
  error_code error;
  tcp::acceptor acceptor = listen(*io, config, error);
  if (error) return cannot_listen(config, error);
  std::unique_ptr<Server> server =
      std::make_unique<HttpServer>(std::move(io), std::move(acceptor), config, std::move(content));
  return server;
}

}  // namespace rata::serve
