#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <charconv>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace rata::channel {

/// As much of Redis as PUBLISH needs: one connection at a time, on this machine. Stops with its connection, and begins
/// again on the same port.
class FakeRedis {
 public:
  explicit FakeRedis(std::function<void(std::string)> got) : got_(std::move(got)) { start(); }
  ~FakeRedis() { stop(); }
  FakeRedis(const FakeRedis&) = delete;
  FakeRedis& operator=(const FakeRedis&) = delete;

  std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

  void start() {
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int yes = 1;
    setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    socklen_t size = sizeof address;
    auto* general = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, general, size) != 0 || listen(listener_, 8) != 0) std::abort();
    getsockname(listener_, general, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }

  void stop() {
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
    close(listener_);
  }

 private:
  static bool readable(int descriptor) {
    constexpr int patience_ms = 5;  // how soon a stop is noticed
    pollfd input{.fd = descriptor, .events = POLLIN, .revents = 0};
    return poll(&input, 1, patience_ms) > 0;
  }

  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      if (!readable(listener_)) continue;
      const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      answer(connection, stop);
      close(connection);
    }
  }

  void answer(int connection, const std::stop_token& stop) {
    std::string input;
    while (!stop.stop_requested()) {
      if (!readable(connection)) continue;
      char part[65'536];
      const ssize_t count = recv(connection, part, sizeof part, 0);
      if (count <= 0) return;
      input.append(part, static_cast<std::size_t>(count));
      while (const auto words = take_command(input)) {
        const bool publishes = words->size() == 3 && words->front() == "PUBLISH";
        if (publishes) got_(words->back());
        const std::string_view reply = publishes ? ":1\r\n" : "+OK\r\n";
        if (send(connection, reply.data(), reply.size(), MSG_NOSIGNAL) < 0) return;
      }
    }
  }

  /// A number behind `mark` and its line's end.
  static std::optional<std::size_t> take_size(std::string_view& rest, char mark) {
    const std::size_t end = rest.find("\r\n");
    if (end == std::string_view::npos || rest[0] != mark) return std::nullopt;
    std::size_t size = 0;
    std::from_chars(rest.data() + 1, rest.data() + end, size);
    rest.remove_prefix(end + 2);
    return size;
  }

  /// nullopt while it is not all there.
  static std::optional<std::vector<std::string>> take_command(std::string& input) {
    std::string_view rest = input;
    const auto count = take_size(rest, '*');
    if (!count) return std::nullopt;
    std::vector<std::string> words;
    while (words.size() < *count) {
      const auto size = take_size(rest, '$');
      if (!size || rest.size() < *size + 2) return std::nullopt;
      words.emplace_back(rest.substr(0, *size));
      rest.remove_prefix(*size + 2);
    }
    input.erase(0, input.size() - rest.size());
    return words;
  }

  std::function<void(std::string)> got_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::jthread thread_;
};

}  // namespace rata::channel
