#include "util/pem_files.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <cstring>

#include "util/owned.h"
#include "util/secret_file.h"

namespace rata::util {
namespace {

/// Without this OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

/// The first in the queue: those behind it say what could not be done because of it.
Error first_error() {
  const unsigned long code = ERR_peek_error();
  const char* said = ERR_SYSTEM_ERROR(code) ? std::strerror(ERR_GET_REASON(code)) : ERR_reason_error_string(code);
  Error error{said != nullptr ? said : "OpenSSL does not say why"};
  ERR_clear_error();
  return error;
}

}  // namespace

Result<void> use_certificate(SSL_CTX* context, const std::string& file) {
  ERR_clear_error();
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(context, file.c_str()) != 1) return first_error();
  return {};
}

Result<void> use_key(SSL_CTX* context, const std::string& file) {
  const auto pem = read_secret(file, readable_by_group);
  if (!pem) return pem.error();
  ERR_clear_error();
  const Owned<BIO, BIO_free> octets(BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size())));
  const Owned<EVP_PKEY, EVP_PKEY_free> key(PEM_read_bio_PrivateKey(octets.get(), nullptr, no_passphrase, nullptr));
  if (!key || SSL_CTX_use_PrivateKey(context, key.get()) != 1) return first_error();
  return {};
}

}  // namespace rata::util
