#include "reduce/key_parts.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace rata::reduce {

KeyParts::KeyParts(std::size_t parts) : parts_(parts) {}

void KeyParts::absorb(KeyTable&& other, const DoAll& do_all) {
  error_ += other.error();
  dropped_keys_ += other.dropped_keys();
  if (parts_.size() == 1) return parts_.front().absorb(std::move(other));
  do_all(parts_.size(), [&](std::size_t part) { parts_[part].absorb_part(other, part, parts_.size()); });
  other.clear();
}

std::size_t KeyParts::size() const {
  return std::accumulate(parts_.begin(), parts_.end(), std::size_t{0},
                         [](std::size_t sum, const KeyTable& part) { return sum + part.size(); });
}

std::vector<KeyTable::Ranked> KeyParts::top(std::size_t count,
                                            std::string (*text)(std::span<const std::uint8_t>)) const {
  std::vector<KeyTable::Ranked> all;
  for (const KeyTable& part : parts_) std::ranges::move(part.top(count, text), std::back_inserter(all));
  std::ranges::sort(all, KeyTable::ranks_before);
  all.resize(std::min(count, all.size()));
  return all;
}

}  // namespace rata::reduce
