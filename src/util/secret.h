#pragma once

#include <string>
#include <string_view>

#include "util/result.h"

namespace rata::util {

/// Where a password or token may stand: in at most one of the three.
struct SecretPlaces {
  std::string_view name;      ///< "password": the keys are password_file and password_env
  std::string in_url = {};    ///< of a channel
  std::string file = {};      ///< its content, without a line's end; nobody but its owner and group may read it
  std::string variable = {};  ///< of the environment
};

/// Empty: there is none. Errors, which begin with the key and hold nothing secret: more than one place, or the secret
/// cannot be had there.
Result<std::string> find_secret(const SecretPlaces& places);

/// For what the other side says, which may repeat what it was told.
std::string without_secret(std::string text, std::string_view secret);

}  // namespace rata::util
