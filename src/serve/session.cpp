#include "serve/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <limits>

#include "serve/text.h"

namespace rata::serve {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;
using Parser = http::request_parser<http::string_body>;

constexpr std::size_t read_octets = 16 * 1024;  // a record of TLS
// A delivery that comes slower than this is given up.
constexpr std::size_t least_octets_per_second = 64 * 1024;
constexpr std::chrono::seconds farewell_timeout{1};
constexpr std::chrono::seconds hurried_timeout{2};  // for a connection that is kept for senders to say what it is for
// Clients beyond the limit are told so; a flood of them is not.
constexpr std::size_t most_turned_away = 64;
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string text(boost::beast::string_view view) { return {view.data(), view.size()}; }

Response too_large(std::size_t limit_octets) {
  return error_response(413, "the request is larger than " + std::to_string(limit_octets) + " octets");
}

Response parse_failure(error_code error, std::size_t limit_octets) {
  if (error == http::error::header_limit)
    return error_response(431, "the request's head is larger than " + std::to_string(limit_octets) + " octets");
  if (error == http::error::body_limit) return too_large(limit_octets);
  return error_response(400, "this is no HTTP/1.1 request: " + error.message());
}

Request request_from(Parser& parser, const Peer& peer) {
  const auto& message = parser.get();
  Request request{.method = text(message.method_string()),
                  .target = text(message.target()),
                  .needs_host = message.version() >= 11,
                  .if_none_match = text(message[http::field::if_none_match]),
                  .last_event_id = text(message["Last-Event-ID"]),
                  .origin = text(message[http::field::origin]),
                  .authorization = text(message[http::field::authorization]),
                  .cookie = text(message[http::field::cookie]),
                  .content_type = text(message[http::field::content_type]),
                  .content_encoding = text(message[http::field::content_encoding]),
                  .peer = peer};
  const auto [begin, end] = message.equal_range(http::field::host);
  for (auto host = begin; host != end; ++host) request.hosts.push_back(text(host->value()));
  return request;
}

bool waits_for_go_on(const Parser& parser) {
  return parser.get().version() >= 11 && equal_ignoring_case(text(parser.get()[http::field::expect]), "100-continue");
}

Peer peer_of(const tcp::socket& socket) {
  error_code gone;
  asio::ip::address address = socket.remote_endpoint(gone).address();
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    address = asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
  Peer peer{.loopback = address.is_loopback()};
  peer.address = address.is_v6() ? util::Address::from(address.to_v6().to_bytes())
                                 : util::Address::from(address.to_v4().to_bytes());
  return peer;
}

Response try_again(std::string_view why) {
  Response response = error_response(503, why);
  response.headers += "Retry-After: 1\r\n";
  return response;
}

Session::Welcome welcome_at(Places::Place place) {
  if (place == Places::Place::none) return Session::Welcome::turned_away;
  return place == Places::Place::any ? Session::Welcome::served : Session::Welcome::senders_only;
}

Response response_from(Receipt receipt) {
  Response response = response_of("application/json", std::move(receipt.json));
  response.status = receipt.status;
  if (receipt.retry_after) response.headers += fmt::format("Retry-After: {}\r\n", receipt.retry_after->count());
  return response;
}

/// A delivery that somebody has taken.
struct Taken {
  Room::Part room;
  std::optional<Receipt> receipt = std::nullopt;  ///< Thread: the server's
};

}  // namespace

/// What reading led to: a request, a refusal of what came instead, or neither when the client is gone.
struct Session::Incoming {
  std::optional<Request> request = std::nullopt;
  std::optional<Response> refusal = std::nullopt;
  Connection connection = Connection::close;
  Room::Part room = nullptr;
};

/// A request of which not everything has come.
struct Session::Reading {
  Parser parser;
  std::size_t limit_octets;
  std::optional<Response> refusal = std::nullopt;
  Room::Part room = nullptr;
};

void Session::start(Wire wire, Common& common) {
  Peer peer = peer_of(wire.socket());
  const Welcome welcome = welcome_at(common.places.take(peer, common.limits()));
  if (welcome == Welcome::turned_away) {
    ++common.tally.refused;
    // Nor is anyone told who would have to be met with TLS first.
    if (common.turned_away >= most_turned_away || wire.has_tls()) return;
    ++common.turned_away;
  } else {
    ++common.tally.connections;
  }
  const auto executor = wire.socket().get_executor();
  auto session = std::make_shared<Session>(std::move(wire), common, std::move(peer), welcome);
  common.sessions.insert(session);
  asio::co_spawn(executor, run(std::move(session)), asio::detached);
}

Session::Session(Wire wire, Common& common, Peer peer, Welcome welcome)
    : wire_(std::move(wire)),
      common_(common),
      welcome_(welcome),
      peer_(std::move(peer)),
      deadline_timer_(wire_.socket().get_executor()),
      wake_(wire_.socket().get_executor()) {
  error_code ignored;
  wire_.socket().set_option(tcp::no_delay(true), ignored);
}

void Session::published() {
  if (!listener_) return;
  listener_->published();
  wake_.cancel();
}

void Session::judge_anew() {
  if (listener_ && !common_.gatekeeper->still_admits(reader_)) close();
}

void Session::close() {
  closed_ = true;
  error_code ignored;
  wire_.socket().close(ignored);
  wake_.cancel();
  deadline_timer_.cancel();
}

/// The last thing a session does.
void Session::end() {
  close();
  listener_.reset();
  if (common_.sessions.erase(shared_from_this()) == 0) return;
  if (welcome_ == Welcome::turned_away) {
    --common_.turned_away;
  } else {
    common_.places.give_back(peer_);
    --common_.tally.connections;
  }
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
    bool more = co_await self->shake_hands();
    while (more) more = co_await self->exchange();
  }
  if (!self->closed_) co_await self->say_farewell();
}

std::chrono::milliseconds Session::first_timeout() const {
  const std::chrono::milliseconds usual = common_.config.request_timeout;
  return welcome_ == Welcome::senders_only ? std::min<std::chrono::milliseconds>(usual, hurried_timeout) : usual;
}

/// False: the client and we found no common ground, or it is gone.
Session::Awaitable<bool> Session::shake_hands() {
  if (!wire_.has_tls()) co_return true;
  set_deadline(first_timeout());
  error_code error;
  co_await wire_.shake_hands(error);
  if (!error) {
    peer_.certificate_names = wire_.names_of_client();
    co_return true;
  }
  ++common_.tally.handshakes_failed;
  close();
  co_return false;
}

/// One request and its answer. False: the connection ends.
Session::Awaitable<bool> Session::exchange() {
  Incoming incoming = co_await read_request();
  if (!incoming.request && !incoming.refusal) {
    close();
    co_return false;
  }
  ++common_.tally.requests;
  if (welcome_ == Welcome::senders_only) keep_to_senders(incoming);
  const bool with_body = !incoming.request || incoming.request->method != "HEAD";
  Answer answer =
      incoming.refusal ? std::move(*incoming.refusal) : common_.router->answer(std::move(*incoming.request));
  if (auto* stream = std::get_if<Stream>(&answer)) {
    co_await write_stream(std::move(*stream), with_body);
    co_return false;
  }
  if (auto* handover = std::get_if<Handover>(&answer))
    answer = co_await hand_over(std::move(*handover), std::move(incoming.room));
  const bool written = co_await write(std::get<Response>(answer), incoming.connection, with_body);
  co_return written&& incoming.connection == Connection::keep_alive;
}

/// One request each, so that many who send take turns in few connections.
void Session::keep_to_senders(Incoming& incoming) const {
  incoming.connection = Connection::close;
  if (!incoming.request || common_.router->is_for_senders(*incoming.request)) return;
  ++common_.tally.refused;
  incoming.refusal = error_response(503, "too many connections, and the last ones are for summaries; try again later");
}

Session::Awaitable<Session::Incoming> Session::read_request() {
  Reading reading{.parser = {}, .limit_octets = common_.config.request_octets};
  reading.parser.header_limit(static_cast<std::uint32_t>(reading.limit_octets));
  // How large the body may be, the head says. (Beast 1.74 refuses every body when it is given no limit at all.)
  reading.parser.body_limit(std::numeric_limits<std::uint64_t>::max());
  set_deadline(first_request_ ? first_timeout() : common_.config.idle_timeout);
  if (received_.size() == 0) {
    const bool came = co_await read_more();
    if (!came) co_return Incoming{};
  }
  if (!std::exchange(first_request_, false)) set_deadline(common_.config.request_timeout);

  const bool has_head = co_await read_to(Part::head, reading);
  if (!has_head) co_return Incoming{.refusal = std::move(reading.refusal)};
  Request request = request_from(reading.parser, peer_);
  auto rule = common_.router->body_rule(request);
  if (auto* refusal = std::get_if<Response>(&rule)) co_return Incoming{.refusal = std::move(*refusal)};
  const bool has_body = co_await read_body(std::get<BodyRule>(rule), reading);
  if (!has_body) co_return Incoming{.refusal = std::move(reading.refusal)};
  request.body = std::move(reading.parser.get().body());
  const auto connection = reading.parser.keep_alive() ? Connection::keep_alive : Connection::close;
  co_return Incoming{.request = std::move(request), .connection = connection, .room = std::move(reading.room)};
}

/// False: it did not come. The refusal says why, unless the client is gone.
Session::Awaitable<bool> Session::read_to(Part part, Reading& reading) {
  Parser& parser = reading.parser;
  parser.eager(part == Part::whole);
  while (part == Part::head ? !parser.is_header_done() : !parser.is_done()) {
    error_code error = http::error::need_more;
    if (received_.size() > 0) received_.consume(parser.put(received_.data(), error));
    if (!error) continue;
    if (error != http::error::need_more) {
      reading.refusal = parse_failure(error, reading.limit_octets);
      co_return false;
    }
    const bool came = co_await read_more();
    if (came) continue;
    if (overdue_) reading.refusal = error_response(408, "the request did not come to its end");
    co_return false;
  }
  co_return true;
}

/// Errors: as `read_to`.
Session::Awaitable<bool> Session::read_body(const BodyRule& rule, Reading& reading) {
  Parser& parser = reading.parser;
  reading.limit_octets = rule.limit_octets;
  parser.body_limit(rule.limit_octets);
  const auto announced = parser.content_length();
  if (announced && *announced > rule.limit_octets) {
    reading.refusal = too_large(rule.limit_octets);
    co_return false;
  }
  if (rule.delivery && !announced) {
    reading.refusal = error_response(411, "summaries need a Content-Length; then room can be kept for them");
    co_return false;
  }
  const std::size_t octets = announced.value_or(0);
  if (rule.delivery) reading.room = common_.room->take(octets);
  if (rule.delivery && !reading.room) {
    ++common_.tally.deliveries_refused;
    reading.refusal = try_again("too many deliveries at a time; try again in a second");
    co_return false;
  }
  if (!parser.is_done() && received_.size() == 0 && waits_for_go_on(parser)) {
    const bool written = co_await write(go_on, {});
    if (!written) co_return false;
    set_deadline(common_.config.request_timeout);
  }
  if (rule.delivery)
    set_deadline(common_.config.request_timeout + std::chrono::seconds(octets / least_octets_per_second));
  co_return co_await read_to(Part::whole, reading);
}

/// Waits for whoever takes it, and for no longer than for a client.
Session::Awaitable<Response> Session::hand_over(Handover handover, Room::Part room) {
  clear_deadline();
  const auto taken = std::make_shared<Taken>(Taken{.room = std::move(room)});
  // It may outlive this session and the server: on the way back it asks whether they are there.
  handover.give([mailbox = common_.mailbox, taken, weak = weak_from_this()](Receipt receipt) {
    mailbox->post([taken, weak, receipt = std::move(receipt)]() mutable {
      if (!taken->receipt) taken->receipt = std::move(receipt);
      if (const auto session = weak.lock()) session->wake_.cancel();
    });
  });
  wake_.expires_after(common_.config.stall_timeout);
  while (!taken->receipt && !closed_) {
    error_code interrupted;
    co_await wake_.async_wait(into(interrupted));
    if (!interrupted) break;
  }
  if (!taken->receipt) co_return try_again(handover.too_late);
  taken->room = nullptr;
  co_return response_from(std::move(*taken->receipt));
}

/// False: the client is gone or the deadline is over.
Session::Awaitable<bool> Session::read_more() {
  error_code error;
  const auto room = received_.prepare(read_octets);
  received_.commit(co_await wire_.read_some(room, error));
  co_return !error && !overdue_;
}

Session::Awaitable<bool> Session::write(const Response& response, Connection connection, bool with_body) {
  const std::string head = head_of(response, connection);
  co_return co_await write(head, with_body ? response.body : std::string_view());
}

Session::Awaitable<bool> Session::write(std::string_view head, std::string_view body) {
  set_deadline(common_.config.stall_timeout);
  const std::array<asio::const_buffer, 2> parts{asio::buffer(head), asio::buffer(body)};
  error_code error;
  co_await wire_.write(parts, error);
  clear_deadline();
  if (error) close();
  co_return !error;
}

/// Closing while unread octets are there makes the kernel send a reset, and the client may lose our answer to it. So
/// we say that we are done and read on for a moment.
Session::Awaitable<void> Session::say_farewell() {
  set_deadline(farewell_timeout);
  co_await wire_.say_end();
  error_code error;
  std::array<char, 4096> unread;
  while (!error && !overdue_) co_await wire_.socket().async_read_some(asio::buffer(unread), into(error));
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
    wire_.socket().cancel(ignored);
  } else if (deadline_ < timer_set_for_) {
    arm_deadline();
  }
}

}  // namespace rata::serve
