#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "serve/server.h"

namespace rata::serve {

/// Makes certificates, anew in each test; their files go with it. Errors: thrown.
class Authority {
 public:
  struct Files {
    std::string certificate, key;
  };

  explicit Authority(const std::string& name);
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// `alternatives` as OpenSSL writes them: "DNS:ns1.example".
  Files issue(const std::string& common_name, const std::string& alternatives = "");
  /// Its own certificate.
  const std::string& file() const { return file_; }
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_, file_;
  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> certificate_;
  long issued_ = 0;
};

/// For the server.
Tls tls_of(const Authority::Files& files, const std::string& client_ca_file = "");

/// What a client brings to a handshake.
struct Handshake {
  std::string ca_file;
  Authority::Files own = {};
  int newest_version = TLS1_3_VERSION;
  std::vector<std::string> protocols = {"http/1.1"};  ///< empty: no ALPN
};
std::shared_ptr<SSL_CTX> context_of(const Handshake& handshake);

}  // namespace rata::serve
