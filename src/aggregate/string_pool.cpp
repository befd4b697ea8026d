#include "aggregate/string_pool.h"

#include <cassert>

#include "util/hash.h"

namespace rata::aggregate {
namespace {

std::uint64_t first_octets(std::string_view text) {
  std::uint64_t prefix = 0;
  for (std::size_t i = 0; i < 8; ++i)
    prefix = prefix << 8 | (i < text.size() ? static_cast<unsigned char>(text[i]) : 0u);
  return prefix;
}

}  // namespace

std::uint64_t StringPool::hash_of(std::string_view text) {
  return util::table_hash({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
}

StringPool::Interned StringPool::intern(std::string_view text, std::uint64_t hash) {
  const std::uint32_t known = index_.find(hash, [&](std::uint32_t id) { return entries_[id].text == text; });
  if (known != SlotIndex::none) return {known, false};

  std::uint32_t id = static_cast<std::uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
    prefixes_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  entries_[id] = {std::string(text), hash, 0};
  prefixes_[id] = first_octets(text);
  index_.insert(hash, id);
  return {id, true};
}

bool StringPool::release(std::uint32_t id) {
  Entry& entry = entries_[id];
  assert(entry.holders > 0);
  if (--entry.holders > 0) return false;
  index_.erase(entry.hash, id);
  entry = {};
  free_.push_back(id);
  return true;
}

}  // namespace rata::aggregate
