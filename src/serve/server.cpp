#include "serve/server.h"

#include "serve/session.h"  // before the rest of Asio

#include <fmt/format.h>
#include <pthread.h>
#include <signal.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <thread>

#include "serve/tls.h"
#include "util/address.h"
#include "util/guarded.h"
#include "util/thread_name.h"
#include "util/time.h"

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

/// Null: plain HTTP. Errors: a file that cannot be used.
util::Result<TlsContext> tls_of(const Config& config) { return config.tls ? read_tls(*config.tls) : TlsContext(); }

std::int64_t now_in_seconds() { return util::Clock::system().now().ns / util::ns_per_second; }

CertificateNews news_of(const Config& config, const TlsContext& tls) {
  if (tls == nullptr) return {};
  return news_of(validity_of(tls->native_handle()), config.tls->certificate_file, now_in_seconds());
}

void tell(const Report& report, const std::string& text) {
  if (report && !text.empty()) report(text);
}

/// Of a monitor.
class NoViews final : public Views {
 public:
  std::vector<std::string> names() const override { return {}; }
  std::vector<aggregate::Scope> scopes() const override { return {}; }
  std::uint64_t revision(const std::string&) const override { return 0; }
  Text json(const std::string&, const Selection&) const override { return nullptr; }
  Text newest(const std::string&, const Selection&, std::uint64_t) const override { return nullptr; }
  std::map<std::string, std::string> older_names() const override { return {}; }
  Text older(const std::string&) const override { return nullptr; }
};

class HttpServer final : public Server {
 public:
  HttpServer(std::unique_ptr<asio::io_context> io, tcp::acceptor acceptor, TlsContext tls, const Config& config,
             Content content);
  ~HttpServer() override;

  void publish(std::shared_ptr<const Views> views, std::string status_json) override;
  util::Result<void> reload(const Config& config, Content content) override;
  std::uint16_t port() const override { return local_.port(); }
  Counters counters() const override;

 private:
  asio::awaitable<void> accept_all();
  asio::awaitable<void> pause_after(error_code why);
  asio::awaitable<void> watch_certificate();
  void look_at_certificate(const Config& config, const Report& report);
  void admit(tcp::socket socket);
  void take_over();
  void stop();

  const std::unique_ptr<asio::io_context> io_;
  tcp::acceptor acceptor_;
  asio::steady_timer pause_, certificate_pause_;
  const tcp::endpoint local_;
  util::Guarded<Pending> pending_;
  util::Guarded<TlsContext> tls_;  // null: plain HTTP
  util::Guarded<CertificateWatch> certificate_;
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
      certificate_pause_(*io_),
      local_(acceptor_.local_endpoint()),
      tls_(std::move(tls)),
      common_(*io_) {
  common_.follow(config, content, local_);
  look_at_certificate(config, common_.report);
  asio::co_spawn(*io_, accept_all(), asio::detached);
  asio::co_spawn(*io_, watch_certificate(), asio::detached);
  const SignalsBlocked blocked;
  thread_ = std::thread([this] {
    util::name_thread("serve");
    io_->run();
  });
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
  certificate_pause_.cancel();
  for (const auto& session : common_.sessions) session->close();
}

void HttpServer::publish(std::shared_ptr<const Views> views, std::string status_json) {
  if (views == nullptr) views = std::make_shared<const NoViews>();
  // What is replaced, if anything, is freed after the lock.
  pending_.with([&](Pending& pending) {
    std::swap(pending.views, views);
    std::swap(pending.status_json, status_json);
  });
  if (views == nullptr) asio::post(*io_, [this] { take_over(); });
}

util::Result<void> HttpServer::reload(const Config& config, Content content) {
  const bool has_tls = tls_.with([](const TlsContext& tls) { return tls != nullptr; });
  if (config.tls.has_value() != has_tls) return util::Error{"tls of [serve] comes or goes with a new start only"};
  if (auto guarded = check_exposure(config, local_); !guarded) return guarded;
  auto renewed = tls_of(config);
  if (!renewed) return renewed.error();
  tls_.with([&](TlsContext& tls) { std::swap(tls, *renewed); });
  certificate_.with([](CertificateWatch& watch) { watch = {}; });  // perhaps another one: told anew
  look_at_certificate(config, content.report);
  asio::post(*io_, [this, config, content = std::move(content)] { common_.follow(config, content, local_); });
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
  const TlsContext tls = tls_.with([](const TlsContext& newest) { return newest; });
  Session::start(tls ? Wire(std::move(socket), *tls) : Wire(std::move(socket)), common_);
}

asio::awaitable<void> HttpServer::pause_after(error_code why) {
  if (!std::exchange(accept_failure_reported_, true))
    tell(common_.report, fmt::format("cannot accept connections on {}: {}; trying again",
                                     place(local_.address().to_string(), port()), why.message()));
  pause_.expires_after(pause_after_failed_accept);
  error_code ignored;
  co_await pause_.async_wait(into(ignored));
}

asio::awaitable<void> HttpServer::watch_certificate() {
  while (!stopping_) {
    certificate_pause_.expires_after(common_.config.certificate_interval);
    error_code ended;
    co_await certificate_pause_.async_wait(into(ended));
    if (!ended) look_at_certificate(common_.config, common_.report);
  }
}

void HttpServer::look_at_certificate(const Config& config, const Report& report) {
  const TlsContext tls = tls_.with([](const TlsContext& newest) { return newest; });
  if (tls == nullptr) return;
  const Validity validity = validity_of(tls->native_handle());
  tell(report, certificate_.with([&](CertificateWatch& watch) {
    return watch.look(validity, config.tls->certificate_file, now_in_seconds());
  }));
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
          .deliveries_refused = tally.deliveries_refused,
          .certificate_until = tls_.with([](const TlsContext& tls) {
            return tls ? std::optional(validity_of(tls->native_handle()).until) : std::nullopt;
          })};
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

}  // namespace

util::Result<std::unique_ptr<Server>> Server::start(const Config& config, Content content) {
  auto io = std::make_unique<asio::io_context>(1);
  error_code error;
  const tcp::endpoint endpoint = endpoint_of(*io, config, error);
  if (error) return cannot_listen(config, error);
  if (auto guarded = check_exposure(config, endpoint); !guarded) return guarded.error();
  auto tls = tls_of(config);
  if (!tls) return tls.error();
  tcp::acceptor acceptor = listen(*io, endpoint, error);
  if (error) return cannot_listen(config, error);
  std::unique_ptr<Server> server =
      std::make_unique<HttpServer>(std::move(io), std::move(acceptor), std::move(*tls), config, std::move(content));
  return server;
}

util::Result<CertificateNews> Server::try_out(const Config& config) {
  asio::io_context io;
  error_code error;
  const tcp::endpoint endpoint = endpoint_of(io, config, error);
  if (error) return cannot_listen(config, error);
  if (auto guarded = check_exposure(config, endpoint); !guarded) return guarded.error();
  const auto tls = tls_of(config);
  if (!tls) return tls.error();
  return news_of(config, *tls);
}

bool Server::is_taken(const Config& config) {
  asio::io_context io;
  error_code error;
  const tcp::endpoint endpoint = endpoint_of(io, config, error);
  if (!error) listen(io, endpoint, error);
  return error == asio::error::address_in_use;
}

}  // namespace rata::serve
