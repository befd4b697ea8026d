#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "channel/channel.h"
#include "channel/https_connection.h"
#include "channel/https_url.h"
#include "util/result.h"

namespace rata::channel {

/// What an aggregator answered.
struct HttpsAnswer {
  unsigned status = 0;
  std::string body;
  std::string location;  ///< of a redirect
  std::optional<std::chrono::seconds> retry_after;
};

/// How long is waited for what.
struct HttpsPatience {
  std::chrono::milliseconds connect{5'000};  ///< to any of the addresses, the TLS handshake included
  std::chrono::milliseconds answer{30'000};  ///< from the request's first octet to the answer's last
};

/// Requests to one aggregator, one after the other, over a connection that is kept while it works. One that the other
/// side closed while it was idle is made anew without a word; so what is asked has to bear being asked twice.
/// Thread: one.
class HttpsClient {
 public:
  /// `token`: empty for none. `settings`: of which the files for TLS count.
  HttpsClient(HttpsUrl url, std::string token, const Settings& settings, HttpsPatience patience);

  /// Errors: what was tried, on what, and why there is no whole answer.
  util::Result<HttpsAnswer> get(std::string_view path);
  /// `frame`: one summary a line, compressed.
  util::Result<HttpsAnswer> post(std::string_view path, std::string_view frame);
  /// Of the last connection: "TLSv1.3, certificate valid until 2027-01-31"; empty: without TLS.
  const std::string& security() const { return security_; }

 private:
  using Deadline = HttpsConnection::Deadline;
  enum class Heard { nothing, something };

  std::string head(std::string_view method, std::string_view path) const;
  util::Result<HttpsAnswer> exchange(const std::string& request);
  util::Result<HttpsAnswer> ask(const std::string& request, Deadline deadline, Heard& heard);
  util::Result<HttpsAnswer> read_answer(Deadline deadline, Heard& heard);
  util::Result<void> connect();

  const HttpsUrl url_;
  const std::string token_;
  const Settings settings_;
  const HttpsPatience patience_;
  std::unique_ptr<HttpsConnection> connection_;  // nullptr: none
  std::string security_;
};

}  // namespace rata::channel
