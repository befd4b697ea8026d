#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

#include "serve/server.h"
#include "support/certificates.h"

namespace rata::serve {

using tests::Authority, tests::Identity, tests::Period;

/// For the server.
Tls tls_of(const Identity& identity, const std::string& client_ca_file = "");

/// What a client brings to a handshake.
struct Handshake {
  std::string ca_file;
  Identity own = {};
  int newest_version = TLS1_3_VERSION;
  std::vector<std::string> protocols = {"http/1.1"};  ///< empty: no ALPN
};
/// Errors: thrown.
std::shared_ptr<SSL_CTX> context_of(const Handshake& handshake);

}  // namespace rata::serve
