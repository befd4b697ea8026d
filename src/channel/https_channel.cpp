#include "channel/https_channel.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "channel/client_tls.h"
#include "channel/compressor.h"
#include "channel/https_verdict.h"
#include "channel/lines.h"
#include "util/secret.h"
#include "util/utf8.h"

namespace rata::channel {
namespace {

constexpr std::string_view summaries_path = "/api/v1/summaries", health_path = "/healthz";
constexpr std::size_t most_said_octets = 500;

util::Result<void> check_files(const HttpsUrl& url, const Settings& settings) {
  if (url.security == HttpsConnection::Security::none) return {};
  if (const auto context = client_tls(settings); !context)
    return util::Error{fmt::format("channel {}: {}", url.text(), context.error().message)};
  return {};
}

/// Source: RFC 3986 section 2.1.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char character : text) {
    const bool plain = (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
                       (character >= '0' && character <= '9') || character == '-' || character == '.';
    encoded += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return encoded;
}

/// By which an aggregator says whether it would take their summaries.
std::string query_of(const std::vector<std::string>& servers) {
  std::string query;
  for (const std::string& server : servers)
    query += fmt::format("{}server={}", query.empty() ? "?" : "&", percent_encoded(server));
  return query;
}

class HttpsChannel final : public Channel {
 public:
  HttpsChannel(HttpsUrl url, std::string token, const Settings& settings, HttpsPatience patience)
      : url_(std::move(url)),
        token_(std::move(token)),
        settings_(settings),
        client_(url_, token_, settings, patience) {}

  Attempt send(std::span<const summary::Summary> batch) override {
    Attempt attempt;
    attempt.out.resize(batch.size());
    attempt.refused.resize(batch.size());
    deliver(batch, 0, attempt);
    return attempt;
  }

  util::Result<std::string> try_out() override {
    const auto health = client_.get(health_path);
    if (!health) return trouble(health.error().message);
    if (health->status != 200) return trouble(judge(*health, 0).why);
    if (const HttpsVerdict verdict = post({}, query_of(settings_.servers)); verdict.kind != HttpsVerdict::Kind::taken)
      return trouble(verdict.why);
    const std::string& security = client_.security();
    return fmt::format("answers{}{}, takes summaries", security.empty() ? "" : " over ", security);
  }

  util::Result<std::string> try_going_on() override {
    // Read at every connection, so also after the change to another user.
    if (const auto usable = check_files(url_, settings_); !usable) return usable.error();
    return std::string();
  }

 private:
  /// What is said may be a foreign server's text, of any length, which may repeat what it was sent.
  util::Error trouble(const std::string& what) const {
    return {fmt::format("{}: {}", url_.text(), util::printable(util::without_secret(what, token_), most_said_octets))};
  }

  HttpsVerdict post(std::span<const summary::Summary> batch, const std::string& query = "") {
    const auto answer =
        client_.post(std::string(summaries_path) + query, compressor_.compress(lines_of(batch, summary::Form::own)));
    if (!answer) return {.why = answer.error().message};
    return judge(*answer, batch.size());
  }

  /// `part`: of the batch, from `first` on.
  void deliver(std::span<const summary::Summary> part, std::size_t first, Attempt& attempt) {
    const HttpsVerdict verdict = post(part);
    switch (verdict.kind) {
      case HttpsVerdict::Kind::taken:
        std::fill_n(attempt.out.begin() + static_cast<std::ptrdiff_t>(first), part.size(), true);
        for (const std::size_t line : verdict.refused) refuse(first + line, 1, verdict, attempt);
        break;
      case HttpsVerdict::Kind::too_large:
        if (part.size() > 1) return deliver_halves(part, first, attempt);
        [[fallthrough]];  // one alone cannot become smaller
      case HttpsVerdict::Kind::refused:
        refuse(first, part.size(), verdict, attempt);
        break;
      case HttpsVerdict::Kind::try_again:
        attempt.state = Attempt::State::try_again;
        attempt.why = trouble(verdict.why).message;
        attempt.retry_after = verdict.retry_after;
        break;
    }
  }

  void deliver_halves(std::span<const summary::Summary> part, std::size_t first, Attempt& attempt) {
    const std::size_t half = part.size() / 2;
    deliver(part.first(half), first, attempt);
    if (attempt.state == Attempt::State::sent) deliver(part.subspan(half), first + half, attempt);
  }

  void refuse(std::size_t first, std::size_t count, const HttpsVerdict& verdict, Attempt& attempt) {
    for (std::size_t i = first; i < first + count; ++i) {
      attempt.refused[i] = true;
      attempt.out[i] = false;
    }
    if (attempt.why_refused.empty()) attempt.why_refused = trouble(verdict.why).message;
  }

  const HttpsUrl url_;
  const std::string token_;
  const Settings settings_;
  HttpsClient client_;
  Compressor compressor_{Compression::zstd};
};

/// It stands in a request's head. Source: RFC 6750 section 2.1, and whatever else ends neither word nor line there.
bool is_header_word(std::string_view text) {
  return std::ranges::all_of(text, [](char octet) { return octet > ' ' && octet < 0x7f; });
}

}  // namespace

util::Result<std::unique_ptr<Channel>> open_https_channel(const Settings& settings, HttpsPatience patience) {
  auto url = parse_https_url(settings.url);
  if (!url) return url.error();
  const std::string where = url->text();
  auto token = util::find_secret({.name = "token", .file = settings.token_file, .variable = settings.token_env});
  if (!token) return util::Error{fmt::format("channel {}: {}", where, token.error().message)};
  if (!is_header_word(*token))
    return util::Error{fmt::format("channel {}: the token of {} holds blanks or other octets than printable ASCII",
                                   where, settings.token_file.empty() ? settings.token_env : settings.token_file)};
  if (const auto usable = check_files(*url, settings); !usable) return usable.error();
  return {std::make_unique<HttpsChannel>(std::move(*url), std::move(*token), settings, patience)};
}

}  // namespace rata::channel
