#include "https_certificates.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <fstream>
#include <stdexcept>

namespace rata::channel {
namespace {

using Memory = std::unique_ptr<BIO, FreeOpenssl<BIO_free_all>>;

void demand(bool done) {
  if (!done) throw std::runtime_error("OpenSSL cannot make the test's certificates");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  demand(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

Certificate blank(const std::string& name, EVP_PKEY* key, long valid_seconds) {
  static long serial = 1;
  Certificate certificate(X509_new());
  demand(certificate != nullptr);
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), valid_seconds);
  X509_set_pubkey(certificate.get(), key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  return certificate;
}

std::string text(const Memory& memory) {
  char* octets = nullptr;
  const long size = BIO_get_mem_data(memory.get(), &octets);
  return {octets, static_cast<std::size_t>(size)};
}

/// Only its owner may read it.
std::string write_file(const std::filesystem::path& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
  chmod(path.c_str(), 0600);
  return path;
}

Identity write(const TestFolder& folder, const std::string& name, X509* certificate, EVP_PKEY* key) {
  const Memory shown(BIO_new(BIO_s_mem())), secret(BIO_new(BIO_s_mem()));
  demand(PEM_write_bio_X509(shown.get(), certificate) == 1 &&
         PEM_write_bio_PrivateKey(secret.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {.certificate_file = write_file(folder.path() / (name + ".pem"), text(shown)),
          .key_file = write_file(folder.path() / (name + ".key"), text(secret))};
}

}  // namespace

Authority::Authority(const TestFolder& folder, const std::string& name)
    : folder_(folder), key_(EVP_EC_gen("P-256")), certificate_(blank(name, key_.get(), 7200)) {
  X509* const own = certificate_.get();
  X509_set_issuer_name(own, X509_get_subject_name(own));
  add_extension(own, own, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(own, own, NID_key_usage, "critical,keyCertSign");
  demand(X509_sign(own, key_.get(), EVP_sha256()) != 0);
  own_ = write(folder_, name, own, key_.get());
}

Identity Authority::issue(const std::string& name, const std::string& alternatives, long valid_seconds) const {
  const Key key(EVP_EC_gen("P-256"));
  const Certificate certificate = blank(name, key.get(), valid_seconds);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate_.get()));
  add_extension(certificate.get(), certificate_.get(), NID_subject_alt_name, alternatives);
  demand(X509_sign(certificate.get(), key_.get(), EVP_sha256()) != 0);
  return write(folder_, name, certificate.get(), key.get());
}

}  // namespace rata::channel
