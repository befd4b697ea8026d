#include "client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

namespace rata::serve {
namespace {

constexpr timeval longest_wait{.tv_sec = 10, .tv_usec = 0};

template <typename T>
void set_option(int socket, int option, const T& value) {
  setsockopt(socket, SOL_SOCKET, option, &value, sizeof value);
}

void connect_to(int socket, std::uint16_t port, const std::string& address) {
  sockaddr_in6 v6{};
  sockaddr_in v4{};
  const bool is_v6 = inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) == 1;
  v6.sin6_family = AF_INET6;
  v4.sin_family = AF_INET;
  v6.sin6_port = v4.sin_port = htons(port);
  inet_pton(AF_INET, address.c_str(), &v4.sin_addr);
  const void* const place = is_v6 ? static_cast<const void*>(&v6) : &v4;
  if (connect(socket, static_cast<const sockaddr*>(place), is_v6 ? sizeof v6 : sizeof v4) != 0)
    throw std::runtime_error("no connection: " + std::string(std::strerror(errno)));
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return text;
}

std::map<std::string, std::string> headers_of(const std::string& head) {
  std::map<std::string, std::string> headers;
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t end = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    if (colon < end) headers[lower(head.substr(line, colon - line))] = head.substr(colon + 2, end - colon - 2);
    line = end + 2;
  }
  return headers;
}

}  // namespace

Client::Client(std::uint16_t port, const std::string& address) : Client(port, address, 0) {}

Client Client::slow(std::uint16_t port) { return Client(port, "127.0.0.1", 4096); }

Client Client::with_tls(std::uint16_t port, const Handshake& handshake) {
  ::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  Client client(port);
  client.tls_.reset(SSL_new(context_of(handshake).get()), SSL_free);
  SSL_set_fd(client.tls_.get(), client.socket_);
  if (SSL_connect(client.tls_.get()) != 1) client.tls_ = nullptr;
  return client;
}

Client::Client(std::uint16_t port, const std::string& address, int receive_buffer_octets)
    : socket_(::socket(address.find(':') == std::string::npos ? AF_INET : AF_INET6, SOCK_STREAM, 0)) {
  if (receive_buffer_octets != 0) set_option(socket_, SO_RCVBUF, receive_buffer_octets);
  set_option(socket_, SO_RCVTIMEO, longest_wait);
  connect_to(socket_, port, address);
}

Client::Client(Client&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)),
      tls_(std::move(other.tls_)),
      last_event_id_(std::move(other.last_event_id_)),
      end_seen_(other.end_seen_),
      received_(std::move(other.received_)),
      octets_read_(other.octets_read_) {}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

Client& Client::send(std::string_view octets) {
  while (!octets.empty()) {
    const auto sent = tls_ ? SSL_write(tls_.get(), octets.data(), static_cast<int>(octets.size()))
                           : ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) break;  // the server went: what it answered tells
    octets.remove_prefix(static_cast<std::size_t>(sent));
  }
  return *this;
}

void Client::finish() { shutdown(socket_, SHUT_WR); }

void Client::vanish() {
  set_option(socket_, SO_LINGER, linger{.l_onoff = 1, .l_linger = 0});
  ::close(std::exchange(socket_, -1));
}

Reply Client::request(std::string_view method, std::string_view target, std::string_view headers,
                      std::string_view body) {
  const std::string length = body.empty() ? "" : fmt::format("Content-Length: {}\r\n", body.size());
  send(fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\n{}{}\r\n{}", method, target, headers, length, body));
  return read_reply(method != "HEAD");
}

Reply Client::read_reply(bool has_body) {
  Reply reply{.headers = {}, .head = read_to("\r\n\r\n"), .body = {}};
  if (reply.head.size() < 12) return reply;
  reply.status = static_cast<unsigned>(std::stoul(reply.head.substr(9, 3)));
  reply.headers = headers_of(reply.head);
  const auto length = reply.headers.find("content-length");
  if (!has_body || length == reply.headers.end()) return reply;
  const std::size_t octets = std::stoul(length->second);
  while (received_.size() < octets && read_more()) {
  }
  reply.body = received_.substr(0, octets);
  received_.erase(0, octets);
  return reply;
}

Reply Client::listen(std::string_view target, std::string_view headers) { return request("GET", target, headers); }

std::string Client::read_event() {
  std::string event = read_to("\n\n");
  while (event.starts_with("id: ")) {
    last_event_id_ = event.substr(4, event.size() - 6);
    event = read_to("\n\n");
  }
  return event;
}

std::string Client::read_to(std::string_view end) {
  std::size_t found = received_.find(end);
  while (found == std::string::npos) {
    const std::size_t before = received_.size();
    if (!read_more()) return "";
    found = received_.find(end, before < end.size() ? 0 : before - end.size());
  }
  const std::string text = received_.substr(0, found + end.size());
  received_.erase(0, found + end.size());
  return text;
}

bool Client::ended() {
  const bool more = received_.empty() && read_more();
  return !more && received_.empty() && end_seen_;
}

bool Client::ended_at_last() {
  while (read_more()) received_.clear();
  return end_seen_;
}

bool Client::read_more() {
  std::array<char, 65536> octets;
  const auto count = receive(octets.data(), octets.size());
  end_seen_ = count == 0 || (count < 0 && errno == ECONNRESET);
  if (count <= 0) return false;
  received_.append(octets.data(), static_cast<std::size_t>(count));
  octets_read_ += static_cast<std::uint64_t>(count);
  return true;
}

long Client::receive(char* room, std::size_t octets) {
  if (!tls_) return recv(socket_, room, octets, 0);
  const int count = SSL_read(tls_.get(), room, static_cast<int>(octets));
  if (count > 0) return count;
  return SSL_get_error(tls_.get(), count) == SSL_ERROR_ZERO_RETURN ? 0 : recv(socket_, room, octets, 0);
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

std::string view_json(const std::string& view, unsigned minutes, const std::string& server, std::uint64_t revision) {
  return fmt::format(R"({{"processor":"{}","span_minutes":{},"server":"{}","revision":{}}})", view, minutes, server,
                     revision);
}

Board board_of(std::uint64_t revision, std::size_t padding_octets) {
  Board board;
  const std::string padding(padding_octets, ' ');
  for (const std::string name : {"rates", "top_names"}) {
    SampleView view{.revision = revision, .spans = {}, .older_json = {}};
    for (const unsigned minutes : {1u, 5u}) {
      SampleView::Span& span = view.spans.emplace_back();
      span.minutes = minutes;
      for (const std::string server : {"", "ns1"}) {
        span.json_by_server[server] = view_json(name, minutes, server, revision) + padding;
        if (name == "rates") span.live_json_by_server[server] = fmt::format(R"({{"newest":{}}})", revision);
      }
    }
    const std::string older = fmt::format("[{}]{}", revision, padding);
    if (name == "rates")
      view.older_json = {{"server_data", older}, {"server_data_v2", older}};
    else
      view.older_json = {{"top_qnames", older}};
    board[name] = std::make_shared<const SampleView>(std::move(view));
  }
  return board;
}

std::string event_of(const std::string& view, const std::string& json) {
  return fmt::format("event: {}\ndata: {}\n\n", view, json);
}

std::string status_event(std::uint64_t number) { return event_of("status", status_of(number)); }

std::string status_of(std::uint64_t number) { return fmt::format(R"({{"state":"live","number":{}}})", number); }

Config on_any_port() {
  Config config;
  config.port = 0;
  return config;
}

Content some_content() {
  return {.spans = {1, 5},
          .servers_location_json = R"([{"name":"ns1"}])",
          .metrics = [] { return std::string("ratadns_up 1\n"); },
          .page = true};
}

std::unique_ptr<Server> started(const Config& config, Content content) {
  auto server = Server::start(config, std::move(content));
  if (!server) throw std::runtime_error(server.error().message);
  return std::move(*server);
}

std::unique_ptr<Server> published(const Config& config, Content content) {
  auto server = started(config, std::move(content));
  publish(*server, board_of(1), status_of(1));
  const auto taken_over = [&] { return Client(server->port()).get("/api/v1/status").status == 200; };
  const auto alone = [&] { return server->counters().connections == 0; };
  if (!eventually(taken_over) || !eventually(alone)) throw std::runtime_error("the publication was not taken over");
  return server;
}

}  // namespace rata::serve
