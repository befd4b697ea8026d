#include "util/nearest.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

namespace rata::util {
namespace {

char folded(char letter) { return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter | 0x20) : letter; }

/// Levenshtein's distance, one row of the table at a time.
std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = diagonal + (folded(a[i - 1]) != folded(b[j - 1]));
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
    }
  }
  return row[b.size()];
}

}  // namespace

std::string nearest(std::string_view word, std::span<const std::string> known) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 2) + 1;
  for (const std::string& candidate : known) {
    const std::size_t changes = distance(word, candidate);
    // Letters are left out more often than put in: of equals the longer one is meant.
    if (changes < best_distance || (changes == best_distance && !best.empty() && candidate.size() > best.size())) {
      best_distance = changes;
      best = candidate;
    }
  }
  return best;
}

std::string no_such(std::string_view kind, std::string_view word, std::span<const std::string> known) {
  const std::string near = nearest(word, known);
  const std::string there_are = near.empty() ? "there are" : fmt::format("did you mean \"{}\"? There are", near);
  return fmt::format("there is no {} \"{}\"; {}: {}", kind, word, there_are, fmt::join(known, ", "));
}

}  // namespace rata::util
