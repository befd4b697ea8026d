#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

namespace rata::util {

/// The big-endian number at `octets`, which need no alignment: one load and one byte swap.
template <typename Word>
Word big_endian(const std::uint8_t* octets) noexcept {
  Word word;
  std::memcpy(&word, octets, sizeof word);
  if constexpr (std::endian::native == std::endian::big || sizeof word == 1) return word;
  if constexpr (sizeof word == 2) return __builtin_bswap16(word);
  if constexpr (sizeof word == 4) return __builtin_bswap32(word);
  if constexpr (sizeof word == 8) return __builtin_bswap64(word);
}

/// Reads octets from front to back, big-endian, and remembers its first failure: from then on nothing remains, and
/// every read returns zero or an empty span. Read straight through and ask `ok()` once.
/// Lifetime: the octets given to it.
class Cursor {
 public:
  explicit Cursor(std::span<const std::uint8_t> octets) noexcept
      : at_(octets.data()), end_(octets.data() + octets.size()), begin_(octets.data()) {}

  bool ok() const noexcept { return ok_; }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - at_); }
  /// Octets behind the cursor; after a failure, all of them.
  std::size_t position() const noexcept { return static_cast<std::size_t>(at_ - begin_); }

  std::uint8_t u8() noexcept { return read<std::uint8_t>(); }
  std::uint16_t u16() noexcept { return read<std::uint16_t>(); }
  std::uint32_t u32() noexcept { return read<std::uint32_t>(); }
  std::uint64_t u64() noexcept { return read<std::uint64_t>(); }

  void skip(std::size_t count) noexcept { take(count); }

  /// The next `count` octets; all or, after a failure, none.
  std::span<const std::uint8_t> take(std::size_t count) noexcept {
    if (remaining() < count) [[unlikely]] {
      fail();
      return {};
    }
    const std::span<const std::uint8_t> taken(at_, count);
    at_ += count;
    return taken;
  }

  /// What is left, without moving.
  std::span<const std::uint8_t> rest() const noexcept { return {at_, remaining()}; }

  /// The octet `ahead` of the cursor, without moving and without failing; zero beyond the end.
  std::uint8_t peek(std::size_t ahead = 0) const noexcept { return ahead < remaining() ? at_[ahead] : std::uint8_t{0}; }

  /// Forgets what lies more than `count` octets ahead (padding, the next header).
  void limit(std::size_t count) noexcept {
    if (count < remaining()) end_ = at_ + count;
  }

  void fail() noexcept {
    ok_ = false;
    at_ = end_;
  }

 private:
  template <typename Word>
  Word read() noexcept {
    if (remaining() < sizeof(Word)) [[unlikely]] {
      fail();
      return 0;
    }
    const Word word = big_endian<Word>(at_);
    at_ += sizeof(Word);
    return word;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  const std::uint8_t* begin_;
  bool ok_ = true;
};

}  // namespace rata::util
