#pragma once

#include <string>
#include <string_view>

#include "util/result.h"

namespace rata::channel {

/// Where a channel may have its password or token from: at most one of the three.
struct SecretPlaces {
  std::string_view name;  ///< "password": the keys are password_file and password_env
  std::string in_url;
  std::string file;      ///< its content, without a line's end
  std::string variable;  ///< of the environment
};

/// Empty: there is none. `channel`: how messages call it. Errors: more than one place, or the secret cannot be had
/// there.
util::Result<std::string> find_secret(const std::string& channel, const SecretPlaces& places);

/// For what the other side says, which may repeat what it was told.
std::string without_secret(std::string text, std::string_view secret);

}  // namespace rata::channel
