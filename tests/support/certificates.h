#pragma once

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace rata::tests {

/// Where a certificate and its key were written.
struct Identity {
  std::string certificate_file, key_file;
};

/// From when until when, in seconds from now.
struct Period {
  long from_s = -3600, until_s = 3600;
};

/// Makes certificates, anew in each test; their files go with it. Errors: thrown.
class Authority {
 public:
  explicit Authority(const std::string& name, Period period = {});
  ~Authority() { std::filesystem::remove_all(folder_); }
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  /// Its own certificate.
  const std::string& file() const { return file_; }
  const std::string& folder() const { return folder_; }
  /// `alternatives` as OpenSSL writes them: "DNS:ns1.example,IP:127.0.0.1".
  Identity issue(const std::string& common_name, const std::string& alternatives = "", Period period = {}) const {
    return issue(common_name, alternatives, period, folder_ + "/" + std::to_string(++issued_));
  }
  /// Into the files of another one, as a renewal is.
  Identity renew(const Identity& before, const std::string& common_name, const std::string& alternatives = "") const {
    const std::string& file = before.certificate_file;
    return issue(common_name, alternatives, {}, file.substr(0, file.rfind('.')));
  }

 private:
  using Key = std::shared_ptr<EVP_PKEY>;
  using Certificate = std::shared_ptr<X509>;

  static void must(bool done, const std::string& what) {
    if (!done) throw std::runtime_error("cannot make a test's certificate: " + what);
  }
  static Key new_key() {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    must(key != nullptr, "key");
    return {key, EVP_PKEY_free};
  }
  static void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value);
  Certificate signed_one(const std::string& name, EVP_PKEY* key, const std::string& alternatives, Period period) const;
  /// `path`: without the ends .pem and .key.
  Identity issue(const std::string& common_name, const std::string& alternatives, Period period,
                 const std::string& path) const;

  /// Only its owner may read it.
  template <typename Write>
  static std::string written(const std::string& path, Write write) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "w"), std::fclose);
    must(file && write(file.get()) == 1, path);
    ::chmod(path.c_str(), 0600);
    return path;
  }

  std::string folder_, file_;
  Key key_;
  Certificate certificate_;  // null while its own is made
  mutable long issued_ = 0;
};

inline void Authority::add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr, "extension " + value);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

inline Authority::Certificate Authority::signed_one(const std::string& name, EVP_PKEY* key,
                                                    const std::string& alternatives, Period period) const {
  static long serial = 0;
  const Certificate certificate(X509_new(), X509_free);
  X509* const own = certificate.get();
  X509* const issuer = certificate_ ? certificate_.get() : own;
  X509_set_version(own, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(own), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(own), period.from_s);
  X509_gmtime_adj(X509_getm_notAfter(own), period.until_s);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(own), NID_commonName, MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(own, X509_get_subject_name(issuer));
  X509_set_pubkey(own, key);
  add_extension(own, issuer, NID_basic_constraints, certificate_ ? "CA:FALSE" : "critical,CA:TRUE");
  if (!certificate_) add_extension(own, issuer, NID_key_usage, "critical,keyCertSign");
  if (!alternatives.empty()) add_extension(own, issuer, NID_subject_alt_name, alternatives);
  must(X509_sign(own, key_.get(), EVP_sha256()) > 0, "signature");
  return certificate;
}

inline Authority::Authority(const std::string& name, Period period) : key_(new_key()) {
  std::string folder = std::filesystem::temp_directory_path() / "ratadns-test-XXXXXX";
  must(::mkdtemp(folder.data()) != nullptr, "folder");
  folder_ = folder;
  certificate_ = signed_one(name, key_.get(), "", period);
  file_ = written(folder_ + "/ca.pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate_.get()); });
}

inline Identity Authority::issue(const std::string& common_name, const std::string& alternatives, Period period,
                                 const std::string& path) const {
  const Key key = new_key();
  const Certificate certificate = signed_one(common_name, key.get(), alternatives, period);
  return {written(path + ".pem", [&](std::FILE* file) { return PEM_write_X509(file, certificate.get()); }),
          written(path + ".key", [&](std::FILE* file) {
            return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace rata::tests
