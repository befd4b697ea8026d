#pragma once

#include <openssl/types.h>

#include <cstdint>
#include <string>

namespace rata::serve {

/// From when until when a certificate is one. Units: seconds since 1970.
struct Validity {
  std::int64_t from = 0, until = 0;
};

/// Of the certificate that a context shows.
Validity validity_of(const SSL_CTX* context);

/// What an operator should know of the certificate in `file`.
struct CertificateNews {
  bool unfit = false;  ///< clients that check it do not connect
  std::string text;    ///< empty: nothing
};
/// Not valid yet, over, or over soon.
CertificateNews news_of(const Validity& validity, const std::string& file, std::int64_t now);

/// The same again and again over the life of a program: told when it is news, then once a day. Thread: one at a time.
class CertificateWatch {
 public:
  /// Empty: nothing is to be told now.
  std::string look(const Validity& validity, const std::string& file, std::int64_t now);

 private:
  CertificateNews told_;
  std::int64_t told_at_ = 0;
};

constexpr std::int64_t soon_seconds = 14 * 86'400;  ///< time enough to have one renewed by people

}  // namespace rata::serve
