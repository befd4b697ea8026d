#pragma once

#include <sys/socket.h>

#include <string>

#include "util/result.h"

namespace rata::capture {

/// Where to listen, as the kernel wants it.
class SocketAddress {
 public:
  /// Errors: a path that is longer than the kernel takes.
  static util::Result<SocketAddress> unix_path(const std::string& path);
  /// "127.0.0.1:6000", "[::1]:6000". Errors: anything else; names of machines are not looked up.
  static util::Result<SocketAddress> tcp(const std::string& text);

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  bool loopback() const;

  /// The address as text with the port that `descriptor` is bound to.
  std::string bound_text(int descriptor) const;

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

}  // namespace rata::capture
