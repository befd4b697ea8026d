#pragma once

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "support/certificates.h"

namespace rata::channel {

/// A real redis-server on a free port of loopback, with its files in a folder that goes with it: the machine's own, or
/// the one that scripts/fetch-servers has fetched.
class RedisServer {
 public:
  static bool is_here() { return !program().empty(); }

  /// `config`: more lines. `tls`: nothing but TLS, with the certificate of `make_certificates`.
  explicit RedisServer(std::string config = "", bool tls = false) : config_(std::move(config)), tls_(tls) {
    char pattern[] = "/tmp/ratadns-redis-XXXXXX";
    folder_ = ::mkdtemp(pattern);
    if (tls_) make_certificates();
    port_ = free_port();
    start();
  }
  ~RedisServer() {
    stop();
    std::filesystem::remove_all(folder_);
  }

  /// On the same port as before.
  void start() {
    std::ofstream(folder_ / "redis.conf") << configuration();
    const std::string binary = program(), config = folder_ / "redis.conf";
    const auto fetched = std::filesystem::path(binary).parent_path().parent_path() / "lib/x86_64-linux-gnu";
    const std::string libraries = "LD_LIBRARY_PATH=" + fetched.string();
    const char* const arguments[] = {binary.c_str(), config.c_str(), nullptr};
    const char* const environment[] = {libraries.c_str(), nullptr};
    ASSERT_EQ(::posix_spawn(&process_, binary.c_str(), nullptr, nullptr, const_cast<char**>(arguments),
                            const_cast<char**>(environment)),
              0);
    // It says in its log when it listens; there is nothing else to wait for.
    for (int i = 0; log().find("eady to accept connections") == std::string::npos; ++i) {
      ASSERT_LT(i, 2'000) << "redis-server does not start: " << log();
      ASSERT_EQ(::waitpid(process_, nullptr, WNOHANG), 0) << "redis-server ended: " << log();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  }

  void stop(int signal = SIGTERM) {
    if (process_ <= 0) return;
    ::kill(process_, signal);
    ::waitpid(process_, nullptr, 0);
    process_ = -1;
    std::filesystem::remove(folder_ / "log");
  }

  std::string url(const std::string& login = "", const std::string& host = "127.0.0.1") const {
    return (tls_ ? "rediss://" : "redis://") + login + host + ":" + std::to_string(port_);
  }
  std::string file(const std::string& name) const { return folder_ / name; }

  /// The files ca.pem, other-ca.pem; server.pem for localhost and 127.0.0.1 and client.pem, both with their .key.
  void make_certificates() const {
    const tests::Authority authority("ca"), other("other");
    std::filesystem::copy_file(authority.file(), folder_ / "ca.pem");
    std::filesystem::copy_file(other.file(), folder_ / "other-ca.pem");
    for (const std::string name : {"server", "client"}) {
      const tests::Identity made = authority.issue(name, "DNS:localhost,IP:127.0.0.1");
      std::filesystem::copy_file(made.certificate_file, folder_ / (name + ".pem"));
      std::filesystem::copy_file(made.key_file, folder_ / (name + ".key"));
    }
  }

 private:
  static std::string program() {
    const std::string fetched = std::string(RATADNS_ROOT) + "/build/servers/root/usr/bin/redis-server";
    for (const std::string& path : {std::string("/usr/bin/redis-server"), fetched})
      if (::access(path.c_str(), X_OK) == 0) return path;
    return {};
  }

  static int free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const place = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket, place, size) != 0) std::abort();
    ::getsockname(socket, place, &size);
    ::close(socket);
    return ntohs(address.sin_port);
  }

  std::string content(const char* name) const {
    std::ifstream stream(folder_ / name);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  std::string log() const { return content("log"); }

  std::string configuration() const {
    std::string text = "bind 127.0.0.1\nsave \"\"\nappendonly no\ndaemonize no\n";
    text += "dir \"" + folder_.string() + "\"\nlogfile \"" + file("log") + "\"\n" + config_ + "\n";
    if (!tls_) return text + "port " + std::to_string(port_) + "\n";
    text += "port 0\ntls-port " + std::to_string(port_) + "\n";
    return text + "tls-cert-file " + file("server.pem") + "\ntls-key-file " + file("server.key") +
           "\ntls-ca-cert-file " + file("ca.pem") + "\n";
  }

  std::string config_;
  bool tls_;
  std::filesystem::path folder_;
  int port_ = 0;
  pid_t process_ = -1;
};

}  // namespace rata::channel
