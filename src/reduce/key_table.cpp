#include "reduce/key_table.h"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>
#include <utility>

#include "util/hash.h"

namespace rata::reduce {
namespace {

constexpr std::size_t first_slots = 64;

template <typename Word>
bool equal_words(const std::uint8_t* a, const std::uint8_t* b) {
  Word of_a, of_b;
  std::memcpy(&of_a, a, sizeof of_a);
  std::memcpy(&of_b, b, sizeof of_b);
  return of_a == of_b;
}

/// Nearly all keys are 4 to 40 octets long: two to five words are compared before memcmp has found its way.
bool equal_octets(const std::uint8_t* a, const std::uint8_t* b, std::size_t size) {
  using Word = std::uint64_t;
  using Half = std::uint32_t;
  if (size < sizeof(Half)) return std::memcmp(a, b, size) == 0;
  if (size < sizeof(Word))
    return equal_words<Half>(a, b) && equal_words<Half>(a + size - sizeof(Half), b + size - sizeof(Half));
  const std::size_t last = size - sizeof(Word);
  for (std::size_t i = 0; i < last; i += sizeof(Word))
    if (!equal_words<Word>(a + i, b + i)) return false;
  return equal_words<Word>(a + last, b + last);
}

bool is_full(std::size_t used, std::size_t slots) { return used * 4 > slots * 3; }

/// Of the length, the key, and what fills it up to an even number.
std::size_t entry_octets(std::size_t key_octets) { return (sizeof(std::uint16_t) + key_octets + 1) & ~std::size_t{1}; }

}  // namespace

KeyTable::KeyTable(std::size_t limit, Budget* budget)
    : own_limit_(std::max<std::size_t>(limit, 2)), limit_(own_limit_), budget_(budget) {
  if (budget_ != nullptr) budget_->join(*this);
  resize(first_slots);
}

KeyTable::~KeyTable() {
  if (budget_ == nullptr) return;
  budget_->release(octets());
  budget_->leave(*this);
}

/// The budget learns what the table takes now.
void KeyTable::account(std::size_t octets_before) {
  if (budget_ == nullptr) return;
  budget_->charge(octets());
  budget_->release(octets_before);
}

std::span<const std::uint8_t> KeyTable::key_at(const Arena& keys, std::uint32_t offset) {
  const std::uint8_t* at = keys.data() + std::size_t{offset} * 2;
  std::uint16_t length;
  std::memcpy(&length, at, sizeof length);
  return {at + sizeof length, length};
}

/// The key's slot, or the empty one where it belongs.
std::size_t KeyTable::slot_of(std::uint32_t hash, std::span<const std::uint8_t> key) const {
  for (std::size_t i = home(hash);; i = (i + 1) & mask_) {
    const Slot& slot = slots_[i];
    if (slot.count == 0) return i;
    if (slot.hash != hash) continue;
    const auto other = key_of(slot);
    if (other.size() == key.size() && equal_octets(other.data(), key.data(), key.size())) return i;
  }
}

std::uint32_t KeyTable::keep(std::span<const std::uint8_t> key) {
  assert(key.size() <= 0xffff && keys_.size() / 2 <= 0xffffffff);
  const std::size_t at = keys_.size(), before = octets();
  const auto length = static_cast<std::uint16_t>(key.size());
  std::uint8_t* const room = keys_.grow(entry_octets(key.size()));
  std::memcpy(room, &length, sizeof length);
  if (!key.empty()) std::memcpy(room + sizeof length, key.data(), key.size());
  if (octets() != before) account(before);
  return static_cast<std::uint32_t>(at / 2);
}

void KeyTable::add(std::uint64_t hash, std::span<const std::uint8_t> key, std::uint64_t count) {
  if (count == 0) return;
  const auto short_hash = static_cast<std::uint32_t>(hash);
  Slot& slot = find(short_hash, key);
  if (slot.count == 0) return insert(short_hash, key, count);
  slot.count += count;
}

void KeyTable::insert(std::uint32_t hash, std::span<const std::uint8_t> key, std::uint64_t count) {
  make_room();
  Slot& slot = find(hash, key);
  slot = {hash, keep(key), count};
  ++used_;
}

void KeyTable::make_room() {
  if (used_ >= limit_) drop_smaller_half();
  if (is_full(used_ + 1, slots_.size())) resize(slots_.size() * 2);
}

/// New keys are taken to be as long as those that are there.
std::size_t KeyTable::octets_soon() const {
  const std::size_t more = std::min(used_, settle_packets);
  const std::size_t key_octets = used_ == 0 ? 0 : keys_.size() / used_ * more;
  const std::size_t slots = is_full(used_ + more, slots_.size()) ? slots_.size() * 2 : slots_.size();
  return slots * sizeof(Slot) + keys_.capacity_with(key_octets);
}

void KeyTable::prefetch(std::uint64_t hash) const noexcept {
  __builtin_prefetch(&slots_[home(static_cast<std::uint32_t>(hash))], 1);
}

void KeyTable::prefetch_key(std::uint64_t hash) const noexcept {
  const auto short_hash = static_cast<std::uint32_t>(hash);
  const Slot* const line = &slots_[home(short_hash)];
  for (std::size_t i = 0; i < line_slots; ++i)
    if (line[i].hash == short_hash) __builtin_prefetch(keys_.data() + std::size_t{line[i].offset} * 2);
}

void KeyTable::absorb(KeyTable&& other) {
  if (limit_ == own_limit_) own_slots_ = slots_.size();
  limit_ += other.limit_;
  if (used_ == 0 && error_ == 0) {
    const std::size_t before = octets(), other_before = other.octets();
    std::swap(slots_, other.slots_);
    keys_.swap(other.keys_);
    std::swap(mask_, other.mask_);
    std::swap(used_, other.used_);
    account(before);
    other.account(other_before);
  } else {
    add_slots(other, other.used_, [](std::uint32_t) { return true; });
  }
  error_ += other.error_;
  dropped_keys_ += other.dropped_keys_;
  dropped_count_ += other.dropped_count_;
  other.clear();
}

/// Adds those entries of `other` whose hash is `wanted`, about `expected` of them.
template <typename Wanted>
void KeyTable::add_slots(const KeyTable& other, std::size_t expected, Wanted wanted) {
  // Slot order: neighbours in `other` are neighbours here too, which keeps the way through memory short. The keys, on
  // both sides, are anywhere. Room for all comes first: what is added so fills the table from one end, and where that
  // end is fuller than the table on the whole, searches get long.
  while (is_full(used_ + expected, slots_.size())) resize(slots_.size() * 2);
  constexpr std::size_t ahead = 8;
  const Slots& from = other.slots_;
  for (std::size_t i = 0; i < from.size(); ++i) {
    if (i + ahead < from.size())
      if (const Slot& soon = from[i + ahead]; soon.count != 0 && wanted(soon.hash)) {
        __builtin_prefetch(other.keys_.data() + std::size_t{soon.offset} * 2);
        prefetch_key(soon.hash);
      }
    const Slot& slot = from[i];
    if (slot.count != 0 && wanted(slot.hash)) add(slot.hash, other.key_of(slot), slot.count);
  }
}

void KeyTable::absorb_part(const KeyTable& other, std::size_t part, std::size_t parts) {
  limit_ += other.limit_;
  // By the upper bits: the lower ones find the slot.
  add_slots(other, other.used_ / parts, [=](std::uint32_t hash) { return std::uint64_t{hash} * parts >> 32 == part; });
}

std::vector<KeyTable::Ranked> KeyTable::top(std::size_t count,
                                            std::string (*text)(std::span<const std::uint8_t>)) const {
  const auto before = ranks_before;
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
  // What one window needed, the next will: room stays, unless it is much, or this window used little of it.
  constexpr std::size_t much_octets = 1u << 20;
  if (limit_ != own_limit_) {
    // What came from other shards was in their budgets; here only what this one needed for itself may stay.
    release_memory(std::min(own_slots_, much_octets / sizeof(Slot)));
  } else if (octets() > much_octets || (slots_.size() > first_slots && used_ * 16 < slots_.size())) {
    release_memory(first_slots);
  } else {
    std::fill(slots_.begin(), slots_.end(), Slot{});
    keys_.clear();
  }
  used_ = 0;
  limit_ = own_limit_;
  error_ = dropped_keys_ = dropped_count_ = 0;
}

void KeyTable::release_memory(std::size_t slots) {
  const std::size_t before = octets();
  slots_ = {};
  keys_ = {};
  account(before);
  resize(slots);
}

void KeyTable::resize(std::size_t slots) {
  const std::size_t before = slots_.empty() ? 0 : octets();
  Slots old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    std::size_t i = home(slot.hash);
    while (slots_[i].count != 0) i = (i + 1) & mask_;
    slots_[i] = slot;
  }
  account(before);
}

void KeyTable::drop_smaller_half() {
  if (used_ == 0) return release_memory(first_slots);
  const std::size_t before = octets();
  std::vector<std::uint64_t> counts;
  counts.reserve(used_);
  for (const Slot& slot : slots_)
    if (slot.count != 0) counts.push_back(slot.count);
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  const std::uint64_t threshold = *middle;
  const auto kept = static_cast<std::size_t>(
      std::ranges::count_if(counts, [threshold](std::uint64_t count) { return count > threshold; }));
  counts = {};  // before there are two tables
  keep_above(threshold, kept);
  error_ += threshold;
  account(before);
}

/// Into a table of the size that `kept` keys want; what does not come along is summed up.
void KeyTable::keep_above(std::uint64_t threshold, std::size_t kept) {
  Slots old(std::max(first_slots, std::bit_ceil(kept * 2)));
  old.swap(slots_);
  mask_ = slots_.size() - 1;
  Arena old_keys;
  old_keys.swap(keys_);
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    if (slot.count <= threshold) {
      ++dropped_keys_;
      dropped_count_ += slot.count;
      continue;
    }
    const auto key = key_at(old_keys, slot.offset);
    std::size_t i = home(slot.hash);
    while (slots_[i].count != 0) i = (i + 1) & mask_;
    std::uint8_t* const room = keys_.grow(entry_octets(key.size()));
    const auto at = static_cast<std::uint32_t>((room - keys_.data()) / 2);
    std::memcpy(room, key.data() - sizeof(std::uint16_t), sizeof(std::uint16_t) + key.size());
    slots_[i] = {slot.hash, at, slot.count};
    ++used_;
  }
}

}  // namespace rata::reduce
