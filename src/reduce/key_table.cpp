#include "reduce/key_table.h"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

#include "util/hash.h"

namespace rata::reduce {
namespace {

constexpr std::size_t first_slots = 64;

}  // namespace

KeyTable::KeyTable(std::size_t limit) : own_limit_(std::max<std::size_t>(limit, 2)), limit_(own_limit_) {
  resize(first_slots);
}

std::span<const std::uint8_t> KeyTable::key_of(const Slot& slot) const {
  const std::uint8_t* at = keys_.data() + std::size_t{slot.offset} * 2;
  std::uint16_t length;
  std::memcpy(&length, at, sizeof length);
  return {at + sizeof length, length};
}

/// The key's slot, or the empty one where it belongs.
KeyTable::Slot& KeyTable::find(std::uint32_t hash, std::span<const std::uint8_t> key) {
  for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
    Slot& slot = slots_[i];
    if (slot.count == 0) return slot;
    if (slot.hash != hash) continue;
    const auto other = key_of(slot);
    if (other.size() == key.size() && std::memcmp(other.data(), key.data(), key.size()) == 0) return slot;
  }
}

std::uint32_t KeyTable::keep(std::span<const std::uint8_t> key) {
  assert(key.size() <= 0xffff && keys_.size() / 2 <= 0xffffffff);
  const std::size_t at = keys_.size();
  const auto length = static_cast<std::uint16_t>(key.size());
  keys_.resize(at + ((sizeof length + key.size() + 1) & ~std::size_t{1}));
  std::memcpy(keys_.data() + at, &length, sizeof length);
  if (!key.empty()) std::memcpy(keys_.data() + at + sizeof length, key.data(), key.size());
  return static_cast<std::uint32_t>(at / 2);
}

void KeyTable::add(std::uint64_t hash, std::span<const std::uint8_t> key, std::uint64_t count) {
  if (count == 0) return;
  const auto short_hash = static_cast<std::uint32_t>(hash);
  Slot* slot = &find(short_hash, key);
  if (slot->count == 0) {
    if (used_ >= limit_) drop_smaller_half();
    if ((used_ + 1) * 4 > slots_.size() * 3) resize(slots_.size() * 2);
    slot = &find(short_hash, key);
    slot->hash = short_hash;
    slot->offset = keep(key);
    ++used_;
  }
  slot->count += count;
}

void KeyTable::prefetch(std::uint64_t hash) const noexcept {
  __builtin_prefetch(&slots_[static_cast<std::uint32_t>(hash) & mask_], 1);
}

void KeyTable::prefetch_key(std::uint64_t hash) const noexcept {
  // Past a collision it is the wrong key: rare enough, and only slow.
  const Slot& slot = slots_[static_cast<std::uint32_t>(hash) & mask_];
  if (slot.count != 0) __builtin_prefetch(keys_.data() + std::size_t{slot.offset} * 2);
}

void KeyTable::absorb(KeyTable&& other) {
  limit_ += other.limit_;
  if (used_ == 0 && error_ == 0) {
    std::swap(slots_, other.slots_);
    std::swap(keys_, other.keys_);
    std::swap(mask_, other.mask_);
    std::swap(used_, other.used_);
  } else {
    // Slot order: neighbours in `other` are neighbours here too, which keeps the way through memory short. The keys,
    // on both sides, are anywhere.
    constexpr std::size_t ahead = 8;
    const std::vector<Slot>& from = other.slots_;
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (i + ahead < from.size() && from[i + ahead].count != 0) {
        __builtin_prefetch(other.keys_.data() + std::size_t{from[i + ahead].offset} * 2);
        prefetch_key(from[i + ahead].hash);
      }
      if (from[i].count != 0) add(from[i].hash, other.key_of(from[i]), from[i].count);
    }
  }
  error_ += other.error_;
  dropped_keys_ += other.dropped_keys_;
  dropped_count_ += other.dropped_count_;
  other.clear();
}

std::vector<KeyTable::Ranked> KeyTable::top(std::size_t count,
                                            std::string (*text)(std::span<const std::uint8_t>)) const {
  const auto before = [](const Ranked& a, const Ranked& b) {
    return a.count != b.count ? a.count > b.count : a.text < b.text;
  };
  // A heap with the smallest of the chosen on top: one pass, and text is made only of what may be chosen.
  std::vector<Ranked> chosen;
  each([&](const Entry& entry) {
    if (count == 0 || (chosen.size() == count && entry.count < chosen.front().count)) return;
    Ranked candidate{text(entry.key), entry.count};
    if (chosen.size() == count) {
      if (!before(candidate, chosen.front())) return;
      std::ranges::pop_heap(chosen, before);
      chosen.pop_back();
    }
    chosen.push_back(std::move(candidate));
    std::ranges::push_heap(chosen, before);
  });
  std::ranges::sort_heap(chosen, before);
  return chosen;
}

void KeyTable::clear() {
  // What one window needed, the next will: room stays, unless this window was far out of the ordinary.
  if (slots_.size() > first_slots && used_ * 16 < slots_.size()) {
    slots_ = {};
    keys_ = {};
    used_ = 0;
    resize(first_slots);
  } else {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    keys_.clear();
  }
  used_ = 0;
  limit_ = own_limit_;
  error_ = dropped_keys_ = dropped_count_ = 0;
}

void KeyTable::resize(std::size_t slots) {
  std::vector<Slot> old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    std::size_t i = slot.hash & mask_;
    while (slots_[i].count != 0) i = (i + 1) & mask_;
    slots_[i] = slot;
  }
}

void KeyTable::drop_smaller_half() {
  std::vector<std::uint64_t> counts;
  counts.reserve(used_);
  for (const Slot& slot : slots_)
    if (slot.count != 0) counts.push_back(slot.count);
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  const std::uint64_t threshold = *middle;

  std::vector<Slot> old(slots_.size());
  old.swap(slots_);
  std::vector<std::uint8_t> old_keys;
  old_keys.swap(keys_);
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    if (slot.count <= threshold) {
      ++dropped_keys_;
      dropped_count_ += slot.count;
      continue;
    }
    const std::uint8_t* at = old_keys.data() + std::size_t{slot.offset} * 2;
    std::uint16_t length;
    std::memcpy(&length, at, sizeof length);
    Slot& kept = find(slot.hash, {at + sizeof length, length});
    kept = {slot.hash, keep({at + sizeof length, length}), slot.count};
    ++used_;
  }
  error_ += threshold;
}

}  // namespace rata::reduce
