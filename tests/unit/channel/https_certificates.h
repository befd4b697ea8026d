#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>

#include "numbered.h"

namespace rata::channel {

template <auto free_it>
struct FreeOpenssl {
  template <typename T>
  void operator()(T* thing) const {
    free_it(thing);
  }
};
using Key = std::unique_ptr<EVP_PKEY, FreeOpenssl<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, FreeOpenssl<X509_free>>;

/// Where a certificate and its key were written.
struct Identity {
  std::string certificate_file, key_file;
};

/// Signs certificates, as an authority does.
class Authority {
 public:
  /// `name`: of its files in the folder, too.
  Authority(const TestFolder& folder, const std::string& name);
  const std::string& certificate_file() const { return own_.certificate_file; }
  /// `alternatives`: "DNS:hub.example,IP:127.0.0.1". Valid from an hour ago until `valid_seconds` from now.
  Identity issue(const std::string& name, const std::string& alternatives, long valid_seconds = 3600) const;

 private:
  const TestFolder& folder_;
  Key key_;
  Certificate certificate_;
  Identity own_;
};

}  // namespace rata::channel
