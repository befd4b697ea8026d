#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 with sanitizers: it takes Asio's own allocation of coroutine frames for a mismatch, and an empty
// boost::optional for a read one.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include "serve/session.h"

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

namespace rata::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t read_octets = 4096;
// The kernel would let a stalled client's buffer grow to megabytes, all of it events that are old when they are read.
constexpr int stream_send_buffer_octets = 256 * 1024;
constexpr std::size_t batch_octets = 256 * 1024;
constexpr std::chrono::seconds farewell_timeout{1};
// Clients beyond the limit are told so; a flood of them is not.
constexpr std::size_t most_turned_away = 64;
constexpr std::string_view comment_line = ":\n\n";

/// Completion of an operation: errors go to `error`.
auto into(error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

Response parse_failure(error_code error, std::size_t limit_octets) {
  if (error == http::error::header_limit)
    return error_response(431, "the request's head is larger than " + std::to_string(limit_octets) + " octets");
  if (error == http::error::body_limit)
    return error_response(413, "the request is larger than " + std::to_string(limit_octets) + " octets");
  return error_response(400, "this is no HTTP/1.1 request: " + error.message());
}

Request request_from(const Parser& parser) {
  const auto& message = parser.get();
  Request request{.method = text(message.method_string()),
                  .target = text(message.target()),
                  .hosts = {},
                  .needs_host = message.version() >= 11,
                  .if_none_match = text(message[http::field::if_none_match])};
  const auto [begin, end] = message.equal_range(http::field::host);
  for (auto host = begin; host != end; ++host) request.hosts.push_back(text(host->value()));
  return request;
}

}  // namespace

/// What reading led to: a request, a refusal of what came instead, or neither when the client is gone.
struct Session::Incoming {
  std::optional<Request> request = std::nullopt;
  std::optional<Response> refusal = std::nullopt;
  Connection connection = Connection::close;
};

void Session::start(tcp::socket socket, Hub& hub, Welcome welcome) {
  if (welcome == Welcome::turned_away) {
    ++hub.tally.refused;
    if (hub.turned_away >= most_turned_away) return;
    ++hub.turned_away;
  } else {
    ++hub.tally.connections;
  }
  const auto executor = socket.get_executor();
  auto session = std::make_shared<Session>(std::move(socket), hub, welcome);
  hub.sessions.insert(session);
  asio::co_spawn(executor, run(std::move(session)), asio::detached);
}

Session::Session(tcp::socket socket, Hub& hub, Welcome welcome)
    : socket_(std::move(socket)),
      hub_(hub),
      welcome_(welcome),
      deadline_timer_(socket_.get_executor()),
      wake_(socket_.get_executor()) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
}

void Session::published() {
  if (!listener_) return;
  listener_->published();
  wake_.cancel();
}

void Session::close() {
  closed_ = true;
  error_code ignored;
  socket_.close(ignored);
  wake_.cancel();
  deadline_timer_.cancel();
}

/// The last thing a session does.
void Session::end() {
  close();
  listener_.reset();
  if (hub_.sessions.erase(shared_from_this()) == 0) return;
  if (welcome_ == Welcome::turned_away)
    --hub_.turned_away;
  else
    --hub_.tally.connections;
}

Session::Awaitable<void> Session::run(std::shared_ptr<Session> self) {
  struct AtEnd {
    Session& session;
    ~AtEnd() { session.end(); }
  } const at_end{*self};
  if (self->welcome_ == Welcome::turned_away) {
    const Response response = error_response(503, "too many connections; try again later");
    co_await self->write(response, Connection::close, true);
  } else {
    bool more = true;
    while (more) more = co_await self->exchange();
  }
  if (!self->closed_) co_await self->say_farewell();
}

/// One request and its answer. False: the connection ends.
Session::Awaitable<bool> Session::exchange() {
  Incoming incoming = co_await read_request();
  if (!incoming.request && !incoming.refusal) {
    close();
    co_return false;
  }
  ++hub_.tally.requests;
  Answer answer = incoming.refusal ? std::move(*incoming.refusal) : hub_.router.answer(*incoming.request);
  const bool with_body = !incoming.request || incoming.request->method != "HEAD";
  if (auto* stream = std::get_if<Stream>(&answer)) {
    co_await write_stream(std::move(*stream), with_body);
    co_return false;
  }
  const bool written = co_await write(std::get<Response>(answer), incoming.connection, with_body);
  co_return written&& incoming.connection == Connection::keep_alive;
}

Session::Awaitable<Session::Incoming> Session::read_request() {
  const std::size_t limit = hub_.config.request_octets;
  Parser parser;
  parser.eager(true);
  parser.header_limit(static_cast<std::uint32_t>(limit));
  parser.body_limit(limit);
  set_deadline(first_request_ ? hub_.config.request_timeout : hub_.config.idle_timeout);
  if (received_.size() == 0) {
    const bool came = co_await read_more();
    if (!came) co_return Incoming{};
  }
  if (!std::exchange(first_request_, false)) set_deadline(hub_.config.request_timeout);
  for (;;) {
    error_code error;
    received_.consume(parser.put(received_.data(), error));
    if (error && error != http::error::need_more) co_return Incoming{.refusal = parse_failure(error, limit)};
    if (parser.is_done()) break;
    const bool came = co_await read_more();
    if (!came && overdue_) co_return Incoming{.refusal = error_response(408, "the request did not come to its end")};
    if (!came) co_return Incoming{};
  }
  const auto connection = parser.keep_alive() ? Connection::keep_alive : Connection::close;
  co_return Incoming{.request = request_from(parser), .connection = connection};
}

/// False: the client is gone or the deadline is over.
Session::Awaitable<bool> Session::read_more() {
  error_code error;
  const auto room = received_.prepare(read_octets);
  received_.commit(co_await socket_.async_read_some(room, into(error)));
  co_return !error && !overdue_;
}

Session::Awaitable<bool> Session::write(const Response& response, Connection connection, bool with_body) {
  const std::string head = head_of(response, connection);
  co_return co_await write(head, with_body ? response.body : std::string_view());
}

Session::Awaitable<bool> Session::write(std::string_view head, std::string_view body) {
  set_deadline(hub_.config.stall_timeout);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
  error_code error;
  co_await asio::async_write(socket_, parts, into(error));
  clear_deadline();
  if (error) close();
  co_return !error;
}

Session::Awaitable<void> Session::write_stream(Stream stream, bool with_body) {
  error_code ignored;
  socket_.set_option(asio::socket_base::send_buffer_size(stream_send_buffer_octets), ignored);
  listener_ = std::move(stream.listener);
  const std::string head = stream_head(stream.headers);
  const bool written = co_await write(head, {});
  if (!written || !with_body) co_return;
  ++hub_.tally.streams;
  asio::co_spawn(socket_.get_executor(), watch_for_end(shared_from_this()), asio::detached);
  co_await write_events();
}

Session::Awaitable<void> Session::write_events() {
  while (!closed_) {
    const std::vector<Event> batch = next_batch();
    if (batch.empty()) {
      co_await wait_for_events();
      continue;
    }
    const bool written = co_await write_batch(batch);
    if (written) hub_.tally.events_sent += batch.size();
  }
}

/// What is ready, so that one call to the kernel takes it; yet not so much that a slow client gets old events only.
std::vector<Event> Session::next_batch() {
  std::vector<Event> batch;
  std::size_t octets = 0;
  while (octets < batch_octets) {
    Event event = listener_->next();
    if (!event) break;
    octets += event->size();
    batch.push_back(std::move(event));
  }
  return batch;
}

Session::Awaitable<bool> Session::write_batch(const std::vector<Event>& batch) {
  std::vector<asio::const_buffer> parts;
  parts.reserve(batch.size());
  for (const Event& event : batch) parts.push_back(asio::buffer(*event));
  set_deadline(hub_.config.stall_timeout);
  error_code error;
  co_await asio::async_write(socket_, parts, into(error));
  clear_deadline();
  if (error) close();
  co_return !error;
}

/// Until the next publication, or until the stream was silent for so long that a comment is due.
Session::Awaitable<void> Session::wait_for_events() {
  error_code interrupted;
  if (listener_->comments())
    wake_.expires_after(hub_.config.comment_interval);
  else
    wake_.expires_at(Clock::time_point::max());
  co_await wake_.async_wait(into(interrupted));
  if (interrupted || closed_) co_return;
  co_await write(comment_line, {});
}

/// Nothing is expected from a client that listens, except that it goes: this notices when nothing is being written.
Session::Awaitable<void> Session::watch_for_end(std::shared_ptr<Session> self) {
  std::array<char, 256> unexpected;
  error_code error;
  while (!error) co_await self->socket_.async_read_some(asio::buffer(unexpected), into(error));
  // The writer's deadline cancels this, too; it then closes the session itself.
  self->close();
}

/// Closing while unread octets are there makes the kernel send a reset, and the client may lose our answer to it. So
/// we say that we are done and read on for a moment.
Session::Awaitable<void> Session::say_farewell() {
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  set_deadline(farewell_timeout);
  std::array<char, read_octets> unread;
  while (!error && !overdue_) co_await socket_.async_read_some(asio::buffer(unread), into(error));
}

void Session::set_deadline(Clock::duration from_now) {
  overdue_ = false;
  deadline_ = Clock::now() + from_now;
  if (deadline_ < timer_set_for_) arm_deadline();
}

void Session::clear_deadline() { deadline_ = Clock::time_point::max(); }

void Session::arm_deadline() {
  timer_set_for_ = deadline_;
  deadline_timer_.expires_at(deadline_);
  deadline_timer_.async_wait([self = shared_from_this()](error_code cancelled) {
    if (!cancelled && !self->closed_) self->look_at_deadline();
  });
}

void Session::look_at_deadline() {
  timer_set_for_ = Clock::time_point::max();
  if (Clock::now() >= deadline_) {
    overdue_ = true;
    error_code ignored;
    socket_.cancel(ignored);
  } else if (deadline_ < timer_set_for_) {
    arm_deadline();
  }
}

}  // namespace rata::serve
