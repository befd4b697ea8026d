#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "board_views.h"
#include "handshake.h"
#include "serve/server.h"

namespace rata::serve {

/// What came back. Header names in lower case.
struct Reply {
  unsigned status = 0;
  std::map<std::string, std::string> headers;
  std::string head, body;
};

/// A blocking HTTP client on loopback. Every wait is bounded: what does not come within ten seconds is empty.
class Client {
 public:
  explicit Client(std::uint16_t port, const std::string& address = "127.0.0.1");
  /// With a receive buffer so small that unread events soon fill it.
  static Client slow(std::uint16_t port);
  /// Through TLS. Whether the handshake came to its end: `secure()`.
  static Client with_tls(std::uint16_t port, const Handshake& handshake);
  Client(Client&& other) noexcept;
  ~Client();

  Client& send(std::string_view octets);
  /// Says that nothing more will be sent.
  void finish();
  /// Ends the connection with a reset.
  void vanish();

  /// `headers`: further ones, each with its line end.
  Reply request(std::string_view method, std::string_view target, std::string_view headers = "",
                std::string_view body = "");
  Reply get(std::string_view target) { return request("GET", target); }
  Reply read_reply(bool has_body = true);
  /// Sends a request for an event stream and reads the answer's head.
  Reply listen(std::string_view target, std::string_view headers = "");
  /// One event with its empty line; empty: the stream ended. What is an id and nothing else is kept and passed over.
  std::string read_event();
  const std::string& last_event_id() const { return last_event_id_; }
  std::string read_to(std::string_view end);
  /// Waits for the end of the connection. False: something else came, or nothing.
  bool ended();
  /// The same after whatever else may come before it.
  bool ended_at_last();

  std::uint64_t octets_read() const { return octets_read_; }
  bool secure() const { return tls_ != nullptr; }
  SSL* tls() const { return tls_.get(); }

 private:
  Client(std::uint16_t port, const std::string& address, int receive_buffer_octets);
  bool read_more();

  long receive(char* room, std::size_t octets);

  int socket_ = -1;
  std::shared_ptr<SSL> tls_;
  std::string last_event_id_;
  bool end_seen_ = false;
  std::string received_;
  std::uint64_t octets_read_ = 0;
};

/// Waits up to ten seconds for what other threads bring about.
bool eventually(const std::function<bool()>& condition);

/// A board of `rates` (with a shorter live form) and `top_names`, for spans 1 and 5 and the server ns1. Every view's
/// JSON is made longer by `padding_octets`.
Board board_of(std::uint64_t revision, std::size_t padding_octets = 0);
/// An event as the live stream sends it.
std::string event_of(const std::string& view, const std::string& json);
std::string status_event(std::uint64_t number);
std::string status_of(std::uint64_t number);
/// What `board_of` holds.
std::string view_json(const std::string& view, unsigned minutes, const std::string& server, std::uint64_t revision);

Config on_any_port();
Content some_content();
std::unique_ptr<Server> started(const Config& config = on_any_port(), Content content = some_content());
/// ... with `board_of(1)` and `status_of(1)` published and taken over.
std::unique_ptr<Server> published(const Config& config = on_any_port(), Content content = some_content());

}  // namespace rata::serve
