#include "channel/https_verdict.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <nlohmann/json.hpp>

namespace rata::channel {
namespace {

using Json = nlohmann::json;
using Kind = HttpsVerdict::Kind;

Json parse(const std::string& body) { return Json::parse(body, nullptr, false); }

/// A member of an object; nullptr: it is not there, or of another type.
template <typename T>
const T* member(const Json& json, const char* name) {
  const auto found = json.find(name);  // in anything but an object there is none
  return found == json.end() ? nullptr : found->get_ptr<const T*>();
}

/// What stands behind the status: the error of an aggregator, the beginning of whatever else.
std::string what_it_says(const HttpsAnswer& answer) {
  const Json json = parse(answer.body);
  const auto* error = member<Json::string_t>(json, "error");
  const std::string& text = error != nullptr ? *error : answer.body;
  return fmt::format("{}{}{}", answer.status, text.empty() ? "" : ": ", text);
}

/// Only an aggregator that has seen the body says so: a proxy on the way, or another program behind the same address,
/// answers with the same status for reasons of its own.
bool is_final(const HttpsAnswer& answer) {
  const Json json = parse(answer.body);
  const auto* final = member<bool>(json, "final");
  return final != nullptr && *final;
}

HttpsVerdict not_understood(const HttpsAnswer& answer) {
  return {.why = fmt::format("answers as no aggregator does (docs/api.md, summaries): {}", what_it_says(answer))};
}

/// The lines that {"refused":[{"line":3,"why":"..."}]} names, each once. False: it is of another form.
bool read_refused(const Json::array_t& refused, std::size_t lines, HttpsVerdict& verdict) {
  for (const Json& one : refused) {
    const auto* line = member<std::uint64_t>(one, "line");
    const auto* why = member<Json::string_t>(one, "why");
    if (line == nullptr || *line == 0 || *line > lines) return false;
    verdict.refused.push_back(static_cast<std::size_t>(*line - 1));
    if (verdict.why.empty() && why != nullptr) verdict.why = *why;
  }
  std::ranges::sort(verdict.refused);
  return std::ranges::adjacent_find(verdict.refused) == verdict.refused.end();
}

/// Only what is accounted for, line by line, may be forgotten here.
HttpsVerdict judge_receipt(const HttpsAnswer& answer, std::size_t lines) {
  const Json json = parse(answer.body);
  const auto* committed = member<std::uint64_t>(json, "committed");
  const auto* repeated = member<std::uint64_t>(json, "repeated");
  const auto* refused = member<Json::array_t>(json, "refused");
  HttpsVerdict verdict{.kind = Kind::taken};
  if (committed == nullptr || repeated == nullptr || *committed > lines || *repeated > lines)
    return not_understood(answer);
  if (refused != nullptr && !read_refused(*refused, lines, verdict)) return not_understood(answer);
  if (const std::uint64_t named = *committed + *repeated + verdict.refused.size(); named != lines)
    return {.why = fmt::format("answers for {} summaries, and was sent {}", named, lines)};
  return verdict;
}

/// What helps stands before what may be long.
std::string redirected(const HttpsAnswer& answer) {
  return fmt::format("a redirect is not followed, url has to name the aggregator itself: {}: {}", answer.status,
                     answer.location);
}

std::string not_allowed(const HttpsAnswer& answer) {
  return fmt::format(
      "may not send there; token_file, token_env or certificate_file has to show what an [[access]] of "
      "the aggregator with may = [\"send\"] names: {}",
      what_it_says(answer));
}

}  // namespace

HttpsVerdict judge(const HttpsAnswer& answer, std::size_t lines) {
  switch (answer.status) {
    case 200:
      return judge_receipt(answer, lines);
    case 400:
    case 422:
      return {.kind = is_final(answer) ? Kind::refused : Kind::try_again, .why = what_it_says(answer)};
    case 413:
      return {.kind = Kind::too_large, .why = what_it_says(answer)};
    case 401:
    case 403:
      return {.why = not_allowed(answer)};
    case 429:
    case 503:
      return {.why = what_it_says(answer), .retry_after = answer.retry_after};
    default:
      if (answer.status / 100 == 2) return not_understood(answer);
      return {.why = answer.status / 100 == 3 ? redirected(answer) : what_it_says(answer)};
  }
}

}  // namespace rata::channel
