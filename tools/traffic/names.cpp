#include "traffic/names.h"

#include <algorithm>

#include "traffic/random.h"

namespace rata::traffic {
namespace {

constexpr std::uint64_t provider_count = 32;

/// Something that can be pronounced. Equal hash, equal word.
std::string word(std::uint64_t hash, std::uint64_t syllables) {
  constexpr std::string_view consonants = "bcdfghjlmnprstvz";
  constexpr std::string_view vowels = "aeiou";
  constexpr std::string_view endings = "nrsl";
  std::string result;
  for (std::uint64_t i = 0; i < syllables; ++i) {
    result += consonants[hash & 15];
    hash >>= 4;
    result += vowels[hash % 5];
    hash /= 5;
    if ((hash & 7) < 2) result += endings[(hash >> 3) & 3];
    hash = mix(hash + 77 + i);
  }
  return result;
}

/// 8 in 100 have a hyphen, 6 a number, 1 is an A-label (RFC 5890; not one that decodes to anything).
std::string registered_name(std::uint64_t hash) {
  std::string name = word(hash, 2 + mix(hash) % 4);
  const std::uint64_t kind = mix(hash ^ 99);
  const std::uint64_t percent = kind % 100;
  if (percent < 8) return name + "-" + word(kind, 2);
  if (percent < 14) return name + std::to_string(kind % 997);
  if (percent < 99) return name;
  name = "xn--" + name + "-" + word(mix(kind), 1);
  name += static_cast<char>('a' + kind / 100 % 26);
  name += static_cast<char>('0' + kind / 2600 % 10);
  return name;
}

}  // namespace

Names::Names(const Options& options)
    : tld_(options.tld), popularity_(AliasTable::zipf(options.names, options.zipf_names)) {
  begins_.reserve(options.names + 1);
  begins_.push_back(0);
  for (std::uint32_t i = 0; i < options.names; ++i) {
    labels_ += registered_name(mix(options.seed * 1'000'003 + i));
    begins_.push_back(static_cast<std::uint32_t>(labels_.size()));
  }
  const std::uint32_t victim_count = std::max(1U, options.victims);
  for (std::uint32_t i = 0; i < victim_count; ++i) {
    victims_.push_back("victim" + std::to_string(i + 1) + "-" + word(mix(options.seed + i), 3));
  }
  for (std::uint64_t i = 0; i < provider_count; ++i) {
    providers_.push_back(word(mix(options.seed * 31 + i), 3) + (i % 3 != 0 ? "dns" : "host"));
  }
}

}  // namespace rata::traffic
