#include "serve/gatekeeper.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <utility>

#include "serve/text.h"

namespace rata::serve {
namespace {

constexpr std::string_view cookie_name = "ratadns_token";
constexpr std::size_t most_peers = 4096;

std::chrono::seconds now() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now().time_since_epoch());
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (!equal_ignoring_case(authorization.substr(0, scheme.size()), scheme)) return std::nullopt;
  return trimmed(authorization.substr(scheme.size()));
}

Response unauthorised(std::string_view why) {
  Response response = error_response(401, why);
  response.headers += "WWW-Authenticate: Bearer\r\n";
  return response;
}

Response too_many_failures() {
  Response response = error_response(429, "too many wrong tokens came from this address; try again in a second");
  response.headers += "Retry-After: 1\r\n";
  return response;
}

Response forbidden(const Access& entry, Gatekeeper::Right right) {
  const bool read = right == Gatekeeper::Right::read;
  return error_response(403, fmt::format("the access \"{}\" may not {}; may = [{}] in its [[access]] lets it",
                                         entry.name, read ? "read" : "send summaries", read ? "\"read\"" : "\"send\""));
}

}  // namespace

Gatekeeper::Gatekeeper(std::vector<Access> entries, Tally& tally, Report report, std::chrono::seconds pause)
    : entries_(std::move(entries)),
      everybody_{.name = {}, .token = {}, .certificate = {}, .may_send = true},
      tally_(tally),
      report_(std::move(report)),
      pause_(pause) {
  for (const Access& entry : entries_) digests_.push_back(digest_of(entry.token));
}

Gatekeeper::Verdict Gatekeeper::admit(const Request& request, Right right) {
  if (open()) return &everybody_;
  Verdict verdict = identify(request);
  const auto* entry = std::get_if<const Access*>(&verdict);
  if (entry == nullptr) return verdict;
  const bool may = right == Right::read ? (*entry)->may_read : (*entry)->may_send;
  if (!may) return refuse(forbidden(**entry, right));
  return verdict;
}

/// A token that is shown decides, also a wrong one; only without one the certificate does.
Gatekeeper::Verdict Gatekeeper::identify(const Request& request) {
  if (!request.authorization.empty()) {
    const auto token = bearer_token(request.authorization);
    return holder_of(token ? *token : std::string_view(), request.peer);
  }
  if (const auto token = token_in_cookie(request.cookie)) return holder_of(*token, request.peer);
  for (const Access& entry : entries_) {
    const auto& names = request.peer.certificate_names;
    if (!entry.certificate.empty() && std::ranges::find(names, entry.certificate) != names.end()) return &entry;
  }
  return refuse(unauthorised("this needs a token: Authorization: Bearer TOKEN, or the cookie of POST /api/v1/session"));
}

/// Compares with every entry, and digests instead of tokens, so that the time it takes tells nothing of either.
Gatekeeper::Verdict Gatekeeper::holder_of(std::string_view token, const Peer& peer) {
  const Digest shown = digest_of(token);
  const Access* found = nullptr;
  for (std::size_t at = 0; at < entries_.size(); ++at) {
    const bool same = CRYPTO_memcmp(shown.data(), digests_[at].data(), shown.size()) == 0;
    if (same && !entries_[at].token.empty()) found = &entries_[at];
  }
  // Who knows a token is let in, whatever others behind the same address try.
  if (found != nullptr) return found;
  tell_of_wrong_token(peer);
  Failures& failures = failures_of(peer);
  if (failures.count >= failures_per_second) return refuse(too_many_failures());
  ++failures.count;
  return refuse(unauthorised("this token is not known"));
}

bool Gatekeeper::still_admits(const Access& reader) const {
  if (open()) return reader.addresses == everybody_.addresses;
  return std::ranges::any_of(entries_, [&](const Access& entry) {
    const bool opens_alike = entry.token == reader.token && entry.certificate == reader.certificate;
    return opens_alike && entry.may_read && entry.addresses == reader.addresses;
  });
}

Gatekeeper::Failures& Gatekeeper::failures_of(const Peer& peer) {
  const std::chrono::seconds second = now();
  const std::string key = key_of(peer);
  if (failures_.size() >= most_peers && !failures_.contains(key)) {
    std::erase_if(failures_, [&](const auto& known) { return known.second.second != second; });
    if (failures_.size() >= most_peers) failures_.clear();
  }
  Failures& failures = failures_[key];
  if (std::exchange(failures.second, second) != second) failures.count = 0;
  return failures;
}

/// Never what was shown: it may be the right one of another place, or nearly that.
void Gatekeeper::tell_of_wrong_token(const Peer& peer) {
  ++untold_;
  if (!report_ || now() < next_told_) return;
  const bool is_first = next_told_.count() == 0;
  next_told_ = now() + pause_;
  report_(is_first ? fmt::format("access: a wrong token came from {}", util::text(peer.address))
                   : fmt::format("access: wrong tokens since this was said last: {}, the latest from {}", untold_,
                                 util::text(peer.address)));
  untold_ = 0;
}

Response Gatekeeper::refuse(Response response) {
  ++tally_.unauthorised;
  return response;
}

Gatekeeper::Digest Gatekeeper::digest_of(std::string_view token) {
  Digest digest;
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), digest.data());
  return digest;
}

std::optional<std::string_view> token_in_cookie(std::string_view header) {
  while (!header.empty()) {
    const std::size_t end = std::min(header.find(';'), header.size());
    const std::string_view pair = trimmed(header.substr(0, end));
    header.remove_prefix(std::min(end + 1, header.size()));
    if (pair.starts_with(cookie_name) && pair.substr(cookie_name.size()).starts_with('='))
      return pair.substr(cookie_name.size() + 1);
  }
  return std::nullopt;
}

std::string set_cookie_header(std::string_view token, bool secure) {
  return fmt::format("Set-Cookie: {}={}; HttpOnly; SameSite=Strict; Path=/{}{}\r\n", cookie_name, token,
                     secure ? "; Secure" : "", token.empty() ? "; Max-Age=0" : "");
}

}  // namespace rata::serve
