#include "channel/secret.h"

#include <fmt/format.h>

#include <cstdlib>

#include "util/secret_file.h"

namespace rata::channel {

util::Result<std::string> find_secret(const std::string& channel, const SecretPlaces& places) {
  constexpr unsigned group_may_read = 0040;
  if (!places.in_url.empty() + !places.file.empty() + !places.variable.empty() > 1)
    return util::Error{fmt::format("channel {0}: has its {1} from one of: {2}{1}_file, {1}_env", channel, places.name,
                                   places.in_url.empty() ? "" : "the URL, ")};
  if (!places.file.empty()) {
    const auto content = util::read_secret(places.file, group_may_read);
    if (!content)
      return util::Error{fmt::format("channel {}: {}_file {}", channel, places.name, content.error().message)};
    if (const std::string secret = util::without_line_end(*content); !secret.empty()) return secret;
    return util::Error{fmt::format("channel {}: {}_file {}: is empty", channel, places.name, places.file)};
  }
  if (places.variable.empty()) return places.in_url;
  const char* value = std::getenv(places.variable.c_str());
  if (value == nullptr || *value == '\0')
    return util::Error{
        fmt::format("channel {}: {}_env: the environment has no {}", channel, places.name, places.variable)};
  return std::string(value);
}

std::string without_secret(std::string text, std::string_view secret) {
  constexpr std::string_view instead = "***";
  if (secret.empty()) return text;
  for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += instead.size())
    text.replace(at, secret.size(), instead);
  return text;
}

}  // namespace rata::channel
