#include "reduce/key_maker.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <utility>

#include "util/cursor.h"
#include "util/hash.h"

namespace rata::reduce {
namespace {

std::uint8_t* put_code(std::uint8_t* at, std::uint32_t code) {
  for (const unsigned shift : {24u, 16u, 8u, 0u}) *at++ = static_cast<std::uint8_t>(code >> shift);
  return at;
}

}  // namespace

KeyMaker::KeyMaker(std::vector<DimensionUse> uses, Plan& plan, std::size_t selection)
    : uses_(std::move(uses)), multiplier_(util::table_multiplier()) {
  assert(!uses_.empty() && uses_.size() <= max_dimensions);
  unsigned bits = 0;
  for (const DimensionUse& use : uses_) {
    const bool coded = use.dimension->coded();
    parts_.push_back({.column = coded ? plan.code_column(use, selection) : plan.key_column(use, selection),
                      .coded = coded,
                      .bits = coded ? use.dimension->bits : key_bits});
    bits += parts_.back().bits;
  }
  may_be_number_ = bits <= 64;
  only_codes_ = may_be_number_ && std::ranges::all_of(parts_, &Part::coded);
}

void KeyMaker::start(Batch& batch) {
  for (Part& part : parts_) {
    if (part.coded)
      part.codes = batch.codes(part.column).data();
    else
      part.keys = &batch.keys(part.column);
  }
}

std::size_t KeyMaker::make_numbers(std::span<const std::uint16_t> packets, std::uint64_t* numbers) const {
  std::size_t count = 0;
  const std::uint32_t* const first = parts_.front().codes;
  if (parts_.size() == 1) {
    for (const std::uint16_t packet : packets) {
      numbers[count] = first[packet];
      count += first[packet] != no_code;
    }
  } else if (parts_.size() == 2) {
    const std::uint32_t* const second = parts_[1].codes;
    const unsigned bits = parts_[1].bits;
    for (const std::uint16_t packet : packets) {
      numbers[count] = std::uint64_t{first[packet]} << bits | second[packet];
      count += first[packet] != no_code && second[packet] != no_code;
    }
  } else {
    for (const std::uint16_t packet : packets) count += make_number(packet, numbers[count]) == Form::number;
  }
  return count;
}

bool KeyMaker::make_octets(std::size_t packet, std::uint8_t* room, Made& made) const {
  if (parts_.size() == 1 && !parts_.front().coded) {
    const KeyColumn::Key& key = (*parts_.front().keys)[packet];
    if (!key.exists()) return false;
    made = {parts_.front().keys->hash(packet), key.span()};
    return true;
  }
  std::uint64_t hash = 0;
  std::uint8_t* at = room;
  for (const Part& part : parts_) {
    std::uint64_t value;
    if (part.coded) {
      const std::uint32_t code = part.codes[packet];
      if (code == no_code) return false;
      at = put_code(at, code);
      value = code;
    } else {
      const KeyColumn::Key& key = (*part.keys)[packet];
      if (!key.exists()) return false;
      *at++ = key.size;
      std::memcpy(at, key.octets, key.size);
      at += key.size;
      value = part.keys->hash(packet);
    }
    hash = (hash ^ value) * multiplier_;
    hash ^= hash >> 32;
  }
  made = {hash, {room, at}};
  return true;
}

Octets KeyMaker::unpack(std::uint64_t number, std::uint8_t* room) const {
  std::array<std::uint64_t, max_dimensions> values{};
  for (std::size_t i = parts_.size(); i-- > 0;) {
    values[i] = number & ((std::uint64_t{1} << parts_[i].bits) - 1);
    number >>= parts_[i].bits;
  }
  std::uint8_t* end = room;
  for (std::size_t i = 0; i < parts_.size(); ++i) end = unpack(parts_[i], values[i], end);
  return {room, end};
}

/// Returns the end of what it has written.
std::uint8_t* KeyMaker::unpack(const Part& part, std::uint64_t value, std::uint8_t* at) const {
  if (part.coded) return put_code(at, static_cast<std::uint32_t>(value));
  const auto size = static_cast<std::uint8_t>(value >> (8 * max_number_octets));
  if (parts_.size() > 1) *at++ = size;
  put_code(at, static_cast<std::uint32_t>(value));
  return at + size;
}

Octets KeyMaker::take_part(Octets& key, std::size_t depth) const {
  if (parts_.size() == 1) return std::exchange(key, Octets{});
  const bool coded = parts_[depth].coded;
  const std::size_t length = coded ? sizeof(std::uint32_t) : key[0], skipped = coded ? 0 : 1;
  const Octets part = key.subspan(skipped, length);
  key = key.subspan(skipped + length);
  return part;
}

std::string KeyMaker::text(Octets part, std::size_t depth, const Context& context, bool older) const {
  const Dimension& dimension = *uses_[depth].dimension;
  const Look look{context, uses_[depth].argument};
  if (!dimension.coded()) {
    const bool has_older = older && dimension.older_key_text != nullptr;
    return (has_older ? dimension.older_key_text : dimension.key_text)(part, look);
  }
  const auto code = util::big_endian<std::uint32_t>(part.data());
  const bool has_older = older && dimension.older_code_text != nullptr;
  return (has_older ? dimension.older_code_text : dimension.code_text)(code, look);
}

}  // namespace rata::reduce
