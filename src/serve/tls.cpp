#include "serve/tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>

#include "util/owned.h"
#include "util/pem_files.h"

namespace rata::serve {
namespace {

namespace asio = boost::asio;
using Context = std::shared_ptr<asio::ssl::context>;

// Of TLS 1.2; those of 1.3 are all of this kind: keys that are forgotten, and encryption that authenticates.
constexpr const char* ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

util::Error unusable(std::string_view what, const std::string& file, std::string_view why) {
  return {
      fmt::format("cannot use the {} {}: {}; [serve] tls = {{ certificate, key, client_ca }} names files in PEM form",
                  what, file, why)};
}

/// A client that speaks ALPN has to offer HTTP/1.1: nothing else is spoken here. Source: RFC 7301 section 3.2.
int choose_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_octets, const unsigned char* offered,
                    unsigned offered_octets, void*) {
  constexpr std::string_view ours = "http/1.1";
  std::string_view rest(reinterpret_cast<const char*>(offered), offered_octets);
  while (!rest.empty()) {
    const auto octets = static_cast<unsigned char>(rest.front());
    const std::string_view protocol = rest.substr(1, octets);
    if (protocol == ours) {
      *chosen = reinterpret_cast<const unsigned char*>(protocol.data());
      *chosen_octets = octets;
      return SSL_TLSEXT_ERR_OK;
    }
    rest.remove_prefix(std::min<std::size_t>(rest.size(), 1u + octets));
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void set_rules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET);
  // A session that is taken up again would bring along a client's certificate that may be refused by now.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_cipher_list(context, ciphers);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

util::Result<void> add_client_ca(SSL_CTX* context, const std::string& file) {
  // The names tell a client with several certificates which one to show.
  STACK_OF(X509_NAME)* const names = SSL_load_client_CA_file(file.c_str());
  if (names == nullptr || SSL_CTX_load_verify_file(context, file.c_str()) != 1) {
    sk_X509_NAME_pop_free(names, X509_NAME_free);
    return unusable("client_ca", file, "it cannot be read, or holds no certificate");
  }
  SSL_CTX_set_client_CA_list(context, names);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  return {};
}

/// As UTF-8, with whatever octets are inside: one that is 0 makes it another name, not a shorter one.
std::string text(const ASN1_STRING* string) {
  unsigned char* octets = nullptr;
  const int count = ASN1_STRING_to_UTF8(&octets, string);
  if (count < 0) return {};
  std::string copy(octets, octets + count);
  OPENSSL_free(octets);
  return copy;
}

void add_common_names(const X509* certificate, std::vector<std::string>& names) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;)
    names.push_back(text(X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at))));
}

void add_alternative_names(const X509* certificate, std::vector<std::string>& names) {
  const util::Owned<GENERAL_NAMES, GENERAL_NAMES_free> alternatives(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int at = 0; alternatives && at < sk_GENERAL_NAME_num(alternatives.get()); ++at) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(alternatives.get(), at), &type);
    if (type == GEN_DNS || type == GEN_EMAIL || type == GEN_URI)
      names.push_back(text(static_cast<const ASN1_STRING*>(value)));
  }
}

}  // namespace

util::Result<Context> read_tls(const Tls& files) {
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  set_rules(context->native_handle());
  if (const auto used = util::use_certificate(context->native_handle(), files.certificate_file); !used)
    return unusable("certificate", files.certificate_file, used.error().message);
  if (const auto used = util::use_key(context->native_handle(), files.key_file); !used)
    return unusable("key", files.key_file, used.error().message);
  if (files.client_ca_file.empty()) return context;
  if (auto added = add_client_ca(context->native_handle(), files.client_ca_file); !added) return added.error();
  return context;
}

std::vector<std::string> certificate_names(SSL* connection) {
  const util::Owned<X509, X509_free> certificate(SSL_get1_peer_certificate(connection));
  if (!certificate || SSL_get_verify_result(connection) != X509_V_OK) return {};
  std::vector<std::string> names;
  add_common_names(certificate.get(), names);
  add_alternative_names(certificate.get(), names);
  return names;
}

}  // namespace rata::serve
