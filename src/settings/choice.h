#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <utility>
#include <vector>

#include "settings/table_reader.h"

namespace rata::settings {

/// A word of a list, or what it was when the key is not there.
template <typename Value>
void read_choice(TableReader& reader, const char* key, const std::vector<std::pair<std::string, Value>>& choices,
                 Value& into) {
  std::string word;
  reader.text(key, word);
  if (word.empty()) return;
  std::vector<std::string> known;
  for (const auto& [name, value] : choices) {
    if (name == word) {
      into = value;
      return;
    }
    known.push_back(fmt::format("\"{}\"", name));
  }
  reader.fail(*reader.find(key),
              fmt::format("{}: there is no \"{}\"; there are: {}", key, word, fmt::join(known, ", ")));
}

}  // namespace rata::settings
