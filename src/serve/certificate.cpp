#include "serve/certificate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/asn1.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <ctime>

namespace rata::serve {
namespace {

std::int64_t seconds_of(const ASN1_TIME* time) {
  std::tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? static_cast<std::int64_t>(::timegm(&parts)) : 0;
}

std::string text(std::int64_t seconds) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace

Validity validity_of(const SSL_CTX* context) {
  const X509* certificate = SSL_CTX_get0_certificate(context);
  if (certificate == nullptr) return {};
  return {.from = seconds_of(X509_get0_notBefore(certificate)), .until = seconds_of(X509_get0_notAfter(certificate))};
}

CertificateNews news_of(const Validity& validity, const std::string& file, std::int64_t now) {
  constexpr std::string_view renew = "put a renewed one and its key in place, then `ratadns reload -c FILE`";
  if (now < validity.from)
    return {true, fmt::format("the certificate {} is not valid before {}: until then nobody who checks it connects; is "
                              "this machine's clock right?",
                              file, text(validity.from))};
  if (now > validity.until)
    return {true, fmt::format("the certificate {} expired at {}: nobody who checks it connects, monitors neither; {}",
                              file, text(validity.until), renew)};
  if (validity.until - now < soon_seconds)
    return {false, fmt::format("the certificate {} expires at {}, in {} days; {}", file, text(validity.until),
                               (validity.until - now) / 86'400, renew)};
  return {};
}

std::string CertificateWatch::look(const Validity& validity, const std::string& file, std::int64_t now) {
  constexpr std::int64_t pause_seconds = 86'400;
  CertificateNews news = news_of(validity, file, now);
  const bool is_news = news.text.empty() != told_.text.empty() || news.unfit != told_.unfit;
  if (!is_news && now < told_at_ + pause_seconds) return {};
  told_ = news;
  told_at_ = now;
  return news.text;
}

}  // namespace rata::serve
