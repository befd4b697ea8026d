#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reduce/batch.h"
#include "reduce/plan.h"

namespace rata::reduce {

/// Puts the values of some dimensions together into one key of a table, and takes them apart again. What fits into 64
/// bits side by side is a number: codes, and keys of up to four octets (IPv4 addresses, most top-level domains).
/// Everything else is octets: of a lone key its own, else each code in four octets, big-endian, and each key behind its
/// length.
class KeyMaker {
 public:
  /// A key of four dimensions, each with its length.
  static constexpr std::size_t max_dimensions = 4, max_octets = max_dimensions * 256;

  /// `selection`: of the packets that `start` and what follows are about.
  KeyMaker(std::vector<DimensionUse> uses, Plan& plan, std::size_t selection);

  const std::vector<DimensionUse>& uses() const { return uses_; }

  /// Fetches the columns of a batch; then the two below for its packets.
  void start(Batch& batch);

  enum class Form {
    none,  ///< the packet has no value in some dimension
    number,
    octets,  ///< or none: `make_octets` tells
  };
  /// `number`: the key, where that is its form.
  Form make_number(std::size_t packet, std::uint64_t& number) const {
    if (!may_be_number_) return Form::octets;
    number = 0;
    for (const Part& part : parts_) {
      if (part.coded) {
        const std::uint32_t code = part.codes[packet];
        if (code == no_code) return Form::none;
        number = number << part.bits | code;
        continue;
      }
      const KeyColumn::Key& key = (*part.keys)[packet];
      if (!key.exists()) return Form::none;
      if (key.size > max_number_octets) return Form::octets;
      number = number << part.bits | number_of(key);
    }
    return Form::number;
  }

  /// Of packets whose keys are nothing but codes: only then. `numbers`: has room for all; returns how many have a key.
  bool only_codes() const { return only_codes_; }
  std::size_t make_numbers(std::span<const std::uint16_t> packets, std::uint64_t* numbers) const;

  struct Made {
    std::uint64_t hash = 0;
    Octets octets;  ///< in `room` or in the batch
  };
  /// False: the packet has no value in some dimension. `room`: of `max_octets`.
  bool make_octets(std::size_t packet, std::uint8_t* room, Made& made) const;

  /// A number as octets of the other form, into `room`; returns them.
  Octets unpack(std::uint64_t number, std::uint8_t* room) const;
  static constexpr std::size_t max_unpacked_octets = max_dimensions * 5;

  /// Takes the value of dimension `depth` off the front of a key of octets.
  Octets take_part(Octets& key, std::size_t depth) const;
  /// That value as text.
  std::string text(Octets part, std::size_t depth, const Context& context, bool older) const;

 private:
  struct Part {
    std::size_t column = 0;
    bool coded = true;
    unsigned bits = 0;  ///< as part of a number
    const std::uint32_t* codes = nullptr;
    KeyColumn* keys = nullptr;
  };

  static constexpr std::size_t max_number_octets = 4;
  static constexpr unsigned key_bits = 3 + 8 * max_number_octets;  ///< its length, then its octets

  static std::uint64_t number_of(const KeyColumn::Key& key) {
    std::uint64_t number = key.size;
    for (std::size_t i = 0; i < max_number_octets; ++i) number = number << 8 | (i < key.size ? key.octets[i] : 0u);
    return number;
  }
  std::uint8_t* unpack(const Part& part, std::uint64_t value, std::uint8_t* at) const;

  std::vector<DimensionUse> uses_;
  std::vector<Part> parts_;
  bool may_be_number_ = false, only_codes_ = false;
  std::uint64_t multiplier_;
};

}  // namespace rata::reduce
