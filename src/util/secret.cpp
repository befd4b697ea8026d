#include "util/secret.h"

#include <fmt/format.h>

#include <cstdlib>

#include "util/secret_file.h"

namespace rata::util {

Result<std::string> find_secret(const SecretPlaces& places) {
  const std::string_view name = places.name;
  if (!places.in_url.empty() + !places.file.empty() + !places.variable.empty() > 1)
    return Error{
        fmt::format("has its {0} from one of: {1}{0}_file, {0}_env", name, places.in_url.empty() ? "" : "the URL, ")};
  if (!places.file.empty()) {
    const auto content = read_secret(places.file, readable_by_group);
    if (!content) return Error{fmt::format("{}_file {}", name, content.error().message)};
    if (const std::string secret = without_line_end(*content); !secret.empty()) return secret;
    return Error{fmt::format("{}_file {}: is empty", name, places.file)};
  }
  if (places.variable.empty()) return places.in_url;
  const char* value = std::getenv(places.variable.c_str());
  if (value == nullptr || *value == '\0')
    return Error{fmt::format("{}_env: the environment has no {}", name, places.variable)};
  return std::string(value);
}

std::string without_secret(std::string text, std::string_view secret) {
  constexpr std::string_view instead = "***";
  if (secret.empty()) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += instead.size())
    text.replace(at, secret.size(), instead);
  return text;
}

}  // namespace rata::util
