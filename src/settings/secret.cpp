#include "settings/secret.h"

#include "util/secret.h"

namespace rata::settings {

std::string read_secret(TableReader& reader, const std::string& name) {
  const std::string file_key = name + "_file", variable_key = name + "_env";
  util::SecretPlaces places{.name = name};
  reader.text(file_key.c_str(), places.file);
  reader.text(variable_key.c_str(), places.variable);
  auto secret = util::find_secret(places);
  if (secret) return std::move(*secret);
  const std::string& at = places.file.empty() ? variable_key : file_key;
  reader.fail(*reader.find(at.c_str()), secret.error().message);
  return {};
}

}  // namespace rata::settings
