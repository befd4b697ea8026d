#include "certificates.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace rata::serve {
namespace {

void must(bool done, const char* what) {
  if (!done) throw std::runtime_error(std::string("cannot make a test's certificate: ") + what);
}

std::shared_ptr<EVP_PKEY> new_key() {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  must(key != nullptr, "key");
  return {key, EVP_PKEY_free};
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr, "extension");
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// `issuer`: null for a certificate that signs itself.
std::shared_ptr<X509> new_certificate(const std::string& name, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                                      const std::string& alternatives, long serial) {
  const std::shared_ptr<X509> certificate(X509_new(), X509_free);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_NAME* const subject = X509_get_subject_name(certificate.get());
  X509_NAME_add_entry_by_NID(subject, NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509* const signer = issuer == nullptr ? certificate.get() : issuer;
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(signer));
  X509_set_pubkey(certificate.get(), key);
  add_extension(certificate.get(), signer, NID_basic_constraints, issuer == nullptr ? "critical,CA:TRUE" : "CA:FALSE");
  if (!alternatives.empty()) add_extension(certificate.get(), signer, NID_subject_alt_name, alternatives);
  must(X509_sign(certificate.get(), issuer_key, EVP_sha256()) > 0, "signature");
  return certificate;
}

template <typename Write>
std::string written(const std::string& path, Write write) {
  const std::unique_ptr<std::FILE, decltype(&std::fclose)> file(std::fopen(path.c_str(), "w"), std::fclose);
  must(file && write(file.get()) == 1, path.c_str());
  ::chmod(path.c_str(), 0600);
  return path;
}

}  // namespace

Authority::Authority(const std::string& name) : key_(new_key()) {
  std::string folder = std::filesystem::temp_directory_path() / "ratadns-test-XXXXXX";
  must(::mkdtemp(folder.data()) != nullptr, "folder");
  folder_ = folder;
  certificate_ = new_certificate(name, key_.get(), nullptr, key_.get(), "", 1);
  file_ = written(folder_ + "/ca.pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate_.get()); });
}

Authority::~Authority() { std::filesystem::remove_all(folder_); }

Authority::Files Authority::issue(const std::string& common_name, const std::string& alternatives) {
  const long serial = ++issued_ + 1;
  const auto key = new_key();
  const auto certificate =
      new_certificate(common_name, key.get(), certificate_.get(), key_.get(), alternatives, serial);
  const std::string path = folder_ + "/" + std::to_string(serial);
  return {written(path + ".pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); }),
          written(path + ".key", [&](std::FILE* file) {
            return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

Tls tls_of(const Authority::Files& files, const std::string& client_ca_file) {
  return {.certificate_file = files.certificate, .key_file = files.key, .client_ca_file = client_ca_file};
}

std::shared_ptr<SSL_CTX> context_of(const Handshake& handshake) {
  const std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  SSL_CTX_set_security_level(context.get(), 0);  // so that it is the server who refuses what is old
  SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), handshake.newest_version);
  must(SSL_CTX_load_verify_file(context.get(), handshake.ca_file.c_str()) == 1, "authority");
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!handshake.own.certificate.empty()) {
    must(SSL_CTX_use_certificate_file(context.get(), handshake.own.certificate.c_str(), SSL_FILETYPE_PEM) == 1, "own");
    must(SSL_CTX_use_PrivateKey_file(context.get(), handshake.own.key.c_str(), SSL_FILETYPE_PEM) == 1, "own key");
  }
  std::string offered;
  for (const std::string& protocol : handshake.protocols) offered += static_cast<char>(protocol.size()) + protocol;
  if (!offered.empty())
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>(offered.data()),
                            static_cast<unsigned>(offered.size()));
  return context;
}

}  // namespace rata::serve
