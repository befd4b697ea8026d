#include "capture/socket_address.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <charconv>
#include <cstddef>
#include <cstring>

namespace rata::capture {
namespace {

/// A view of the storage as one family's address, through memcpy.
template <typename Address>
Address as(const sockaddr_storage& storage) {
  Address address;
  std::memcpy(&address, &storage, sizeof address);
  return address;
}

}  // namespace

util::Result<SocketAddress> SocketAddress::unix_path(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty()) return util::Error{"names no path"};
  if (path.size() >= sizeof address.sun_path)
    return util::Error{fmt::format("the path of a socket has at most {} octets", sizeof address.sun_path - 1)};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  SocketAddress made;
  std::memcpy(&made.storage_, &address, sizeof address);
  made.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return made;
}

util::Result<SocketAddress> SocketAddress::tcp(const std::string& text) {
  const util::Error wrong{fmt::format("\"{}\" is no ADDRESS:PORT such as 127.0.0.1:6000 or [::1]:6000", text)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return wrong;
  std::uint16_t port = 0;
  const char* const last = text.data() + text.size();
  const auto [end, fault] = std::from_chars(text.data() + colon + 1, last, port);
  if (fault != std::errc() || end != last) return wrong;
  SocketAddress made;
  if (colon >= 2 && text.front() == '[' && text[colon - 1] == ']') {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    address.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, text.substr(1, colon - 2).c_str(), &address.sin6_addr) != 1) return wrong;
    std::memcpy(&made.storage_, &address, sizeof address);
    made.size_ = sizeof address;
  } else {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    if (::inet_pton(AF_INET, text.substr(0, colon).c_str(), &address.sin_addr) != 1) return wrong;
    std::memcpy(&made.storage_, &address, sizeof address);
    made.size_ = sizeof address;
  }
  return made;
}

bool SocketAddress::loopback() const {
  if (family() == AF_INET6) {
    const auto address = as<sockaddr_in6>(storage_);
    return IN6_IS_ADDR_LOOPBACK(&address.sin6_addr);
  }
  return ntohl(as<sockaddr_in>(storage_).sin_addr.s_addr) >> 24 == 127;
}

std::string SocketAddress::bound_text(int descriptor) const {
  sockaddr_storage bound = storage_;
  socklen_t size = sizeof bound;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
  char text[INET6_ADDRSTRLEN] = {};
  if (family() == AF_INET6) {
    const auto address = as<sockaddr_in6>(bound);
    ::inet_ntop(AF_INET6, &address.sin6_addr, text, sizeof text);
    return fmt::format("[{}]:{}", text, ntohs(address.sin6_port));
  }
  const auto address = as<sockaddr_in>(bound);
  ::inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
  return fmt::format("{}:{}", text, ntohs(address.sin_port));
}

}  // namespace rata::capture
