#include "handshake.h"

#include <stdexcept>

namespace rata::serve {
namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot prepare a test's handshake: ") + what);
}

}  // namespace

Tls tls_of(const Identity& identity, const std::string& client_ca_file) {
  return {
      .certificate_file = identity.certificate_file, .key_file = identity.key_file, .client_ca_file = client_ca_file};
}

std::shared_ptr<SSL_CTX> context_of(const Handshake& handshake) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);  // so that it is the server who refuses what is old
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), handshake.newest_version);
  must(SSL_CTX_load_verify_file(context.get(), handshake.ca_file.c_str()) == 1, "authority");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!handshake.own.certificate_file.empty()) {
    must(SSL_CTX_use_certificate_file(context.get(), handshake.own.certificate_file.c_str(), SSL_FILETYPE_PEM) == 1,
         "own");
    must(SSL_CTX_use_PrivateKey_file(context.get(), handshake.own.key_file.c_str(), SSL_FILETYPE_PEM) == 1, "own key");
  }
  std::string offered;
  for (const std::string& protocol : handshake.protocols) offered += static_cast<char>(protocol.size()) + protocol;
  if (!offered.empty())
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
  return context;
}

}  // namespace rata::serve
