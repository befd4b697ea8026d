#include "reduce/code_table.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "util/hash.h"

namespace rata::reduce {
namespace {

constexpr std::size_t first_slots = 16;

bool is_full(std::size_t used, std::size_t slots) { return used * 2 > slots; }

}  // namespace

CodeTable::CodeTable(std::size_t limit, Budget* budget)
    : multiplier_(util::table_multiplier()),
      own_limit_(std::max<std::size_t>(limit, 2)),
      limit_(own_limit_),
      budget_(budget) {
  if (budget_ != nullptr) budget_->join(*this);
  resize(first_slots, 0);
}

CodeTable::~CodeTable() {
  if (budget_ == nullptr) return;
  budget_->release(octets());
  budget_->leave(*this);
}

/// The budget learns what the table takes now.
void CodeTable::account(std::size_t octets_before) {
  if (budget_ == nullptr) return;
  budget_->charge(octets());
  budget_->release(octets_before);
}

void CodeTable::insert(std::uint64_t key, std::uint64_t count) {
  if (used_ >= limit_) drop_smaller_half();
  if (is_full(used_ + 1, slots_.size())) resize(slots_.size() * 2, 0);
  find(key) = {key, count};
  ++used_;
}

std::size_t CodeTable::octets_soon() const {
  return is_full(used_ + std::min(used_, settle_packets), slots_.size()) ? octets() * 2 : octets();
}

/// Keeps what has more than `above`.
void CodeTable::resize(std::size_t slots, std::uint64_t above) {
  const std::size_t before = octets();
  std::vector<Slot> old(slots);
  old.swap(slots_);
  shift_ = 64 - static_cast<unsigned>(std::countr_zero(slots));
  used_ = 0;
  for (const Slot& slot : old) {
    if (slot.count == 0) continue;
    if (slot.count > above) {
      find(slot.key) = slot;
      ++used_;
    } else {
      ++dropped_keys_;
      dropped_count_ += slot.count;
    }
  }
  account(before);
}

void CodeTable::drop_smaller_half() {
  if (used_ == 0) return resize(first_slots, 0);
  std::vector<std::uint64_t> counts;
  counts.reserve(used_);
  each([&](const Entry& entry) { counts.push_back(entry.count); });
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  const std::uint64_t threshold = *middle;
  const auto kept = static_cast<std::size_t>(
      std::ranges::count_if(counts, [threshold](std::uint64_t count) { return count > threshold; }));
  resize(std::max(first_slots, std::bit_ceil(kept * 2 + 2)), threshold);
  error_ += threshold;
}

void CodeTable::absorb(CodeTable&& other) {
  if (limit_ == own_limit_) own_slots_ = slots_.size();
  limit_ += other.limit_;
  // Room for all comes first: in the order of `other` they fill this table from one end.
  while (is_full(used_ + other.used_, slots_.size())) resize(slots_.size() * 2, 0);
  other.each([this](const Entry& entry) { add(entry.key, entry.count); });
  error_ += other.error_;
  dropped_keys_ += other.dropped_keys_;
  dropped_count_ += other.dropped_count_;
  other.clear();
}

void CodeTable::clear() {
  std::ranges::fill(slots_, Slot{});
  // What one window needed, the next will: room stays, unless it is much, or this window used little of it.
  constexpr std::size_t much_octets = 1u << 20;
  if (limit_ != own_limit_ && own_slots_ < slots_.size())
    // What came from other shards was in their budgets; here only what this one needed for itself may stay.
    resize(own_slots_, 0);
  if (octets() > much_octets || (slots_.size() > first_slots && used_ * 16 < slots_.size())) resize(first_slots, 0);
  used_ = 0;
  limit_ = own_limit_;
  error_ = dropped_keys_ = dropped_count_ = 0;
}

}  // namespace rata::reduce
