#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace rata::channel {

/// The other side of one connection. A call after the end of it does nothing.
class ScriptedPeer {
 public:
  explicit ScriptedPeer(int socket) : socket_(socket) {}

  void say(std::string_view octets) {
    while (!octets.empty()) {
      const auto taken = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (taken <= 0) return;
      octets.remove_prefix(static_cast<std::size_t>(taken));
    }
  }

  void say_in_single_octets(std::string_view octets) {
    for (const char& octet : octets) say({&octet, 1});
  }

  /// The words of the next command; nothing: the connection has ended.
  std::optional<std::vector<std::string>> command() {
    std::vector<std::string> words;
    const auto header = line();
    if (!header) return std::nullopt;
    for (int left = std::atoi(header->c_str() + 1); left > 0; --left) {
      const auto size = line();
      auto word = size ? octets(static_cast<std::size_t>(std::atoi(size->c_str() + 1)) + 2) : std::nullopt;
      if (!word) return std::nullopt;
      word->resize(word->size() - 2);
      words.push_back(std::move(*word));
    }
    return words;
  }

  /// Waits for the other side's end.
  void listen_to_the_end() {
    while (command()) {
    }
  }

 private:
  std::optional<std::string> octets(std::size_t count) {
    std::string got(count, '\0');
    return ::recv(socket_, got.data(), count, MSG_WAITALL) == static_cast<ssize_t>(count) ? std::optional(got)
                                                                                          : std::nullopt;
  }

  std::optional<std::string> line() {
    std::string got;
    while (!got.ends_with("\r\n")) {
      const auto octet = octets(1);
      if (!octet) return std::nullopt;
      got += *octet;
    }
    return got;
  }

  int socket_;
};

/// A Redis that does what the test tells it: one script a connection, the last one for all further ones. The connection
/// ends with its script.
class ScriptedRedis {
 public:
  using Script = std::function<void(ScriptedPeer&)>;

  explicit ScriptedRedis(std::vector<Script> scripts) : scripts_(std::move(scripts)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_, place, size) != 0 || ::listen(listener_, 16) != 0) std::abort();
    ::getsockname(listener_, place, &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { run(); });
  }
  ~ScriptedRedis() {
    {
      const std::scoped_lock lock(mutex_);
      over_ = true;
      ::shutdown(listener_, SHUT_RDWR);
      if (peer_ >= 0) ::shutdown(peer_, SHUT_RDWR);
    }
    thread_.join();
    ::close(listener_);
  }

  std::string url(std::string_view login = "") const {
    return "redis://" + std::string(login) + "127.0.0.1:" + std::to_string(port_);
  }
  int port() const { return port_; }
  std::size_t connections() const { return connections_; }

 private:
  void run() {
    while (true) {
      const int peer = ::accept(listener_, nullptr, nullptr);
      {
        const std::scoped_lock lock(mutex_);
        if (over_ || peer < 0) {
          if (peer >= 0) ::close(peer);
          return;
        }
        peer_ = peer;
      }
      ScriptedPeer talk(peer);
      scripts_[std::min<std::size_t>(connections_++, scripts_.size() - 1)](talk);
      const std::scoped_lock lock(mutex_);
      peer_ = -1;
      ::close(peer);
    }
  }

  std::vector<Script> scripts_;
  std::atomic<std::size_t> connections_ = 0;
  int listener_ = -1, port_ = 0;
  std::mutex mutex_;
  bool over_ = false;
  int peer_ = -1;
  std::thread thread_;
};

}  // namespace rata::channel
