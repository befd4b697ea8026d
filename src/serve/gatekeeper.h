#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/access.h"
#include "serve/report.h"
#include "serve/request.h"
#include "serve/response.h"
#include "serve/tally.h"

namespace rata::serve {

/// Lets in whom an Access entry lets in. Without entries everybody may do everything.
/// Thread: the server's.
class Gatekeeper {
 public:
  enum class Right : std::uint8_t { read, send };
  /// Who asks, or the answer instead. Lifetime: the gatekeeper's.
  using Verdict = std::variant<const Access*, Response>;

  /// `report` is told of the first wrong token, and of further ones after each `pause`.
  Gatekeeper(std::vector<Access> entries, Tally& tally, Report report = {},
             std::chrono::seconds pause = std::chrono::minutes(1));

  bool open() const { return entries_.empty(); }
  /// Errors: 401 without a known token or certificate, 403 without the right, 429 for a peer that guesses.
  Verdict admit(const Request& request, Right right);
  /// Whose token this is. Errors: 401, 429.
  Verdict holder_of(std::string_view token, const Peer& peer);
  /// Whether who was let in to read by this entry, perhaps one of another gatekeeper, would be let in by it here, and
  /// see as much.
  bool still_admits(const Access& reader) const;

  static constexpr unsigned failures_per_second = 10;  ///< of one peer; for further wrong tokens 429

 private:
  using Digest = std::array<std::uint8_t, 32>;
  struct Failures {
    std::chrono::seconds second{};
    unsigned count = 0;
  };

  Verdict identify(const Request& request);
  Failures& failures_of(const Peer& peer);
  void tell_of_wrong_token(const Peer& peer);
  Response refuse(Response response);

  static Digest digest_of(std::string_view token);

  const std::vector<Access> entries_;
  std::vector<Digest> digests_;  // of each entry's token
  const Access everybody_;
  std::map<std::string, Failures> failures_;  // by peer
  Tally& tally_;
  const Report report_;
  const std::chrono::seconds pause_;
  std::chrono::seconds next_told_{};  // when a wrong token is told of again
  std::uint64_t untold_ = 0;          // wrong tokens since it was
};

/// The token in a Cookie header, as `POST /api/v1/session` sets it. Nothing: it holds none.
std::optional<std::string_view> token_in_cookie(std::string_view header);

/// The Set-Cookie header for it, with its line end. An empty token takes the cookie away.
std::string set_cookie_header(std::string_view token, bool secure);

}  // namespace rata::serve
