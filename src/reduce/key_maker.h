#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reduce/batch.h"
#include "reduce/plan.h"

namespace rata::reduce {

/// Puts the values of some dimensions together into one key of a table, and takes them apart again. Codes that fit
/// into 64 bits side by side are a number; everything else is octets: of a lone key its own, else each code in four
/// octets, big-endian, and each key behind its length.
class KeyMaker {
 public:
  /// A key of four dimensions, each with its length.
  static constexpr std::size_t max_dimensions = 4, max_octets = max_dimensions * 256;

  KeyMaker(std::vector<DimensionUse> uses, Plan& plan);

  const std::vector<DimensionUse>& uses() const { return uses_; }
  bool is_number() const { return is_number_; }

  /// Fetches the columns of a batch; then one of the two below for its packets.
  void start(Batch& batch);

  /// False: the packet has no value in some dimension.
  bool make_number(std::size_t packet, std::uint64_t& key) const {
    key = 0;
    for (const Part& part : parts_) {
      const std::uint32_t code = part.codes[packet];
      if (code == no_code) return false;
      key = key << part.bits | code;
    }
    return true;
  }

  struct Made {
    std::uint64_t hash = 0;
    Octets octets;  ///< in `room` or in the batch
  };
  /// The same for octets. `room`: of `max_octets`.
  bool make_octets(std::size_t packet, std::uint8_t* room, Made& made) const;

  /// A number as octets of the other form, into `room`; returns them.
  Octets unpack(std::uint64_t number, std::uint8_t* room) const;
  std::size_t unpacked_octets() const { return uses_.size() * sizeof(std::uint32_t); }

  /// Takes the value of dimension `depth` off the front of a key of octets.
  Octets take_part(Octets& key, std::size_t depth) const;
  /// That value as text.
  std::string text(Octets part, std::size_t depth, const Context& context, bool older) const;

 private:
  struct Part {
    std::size_t column = 0;
    unsigned bits = 0;  ///< 0: octets
    const std::uint32_t* codes = nullptr;
    const KeyColumn* keys = nullptr;
  };

  std::vector<DimensionUse> uses_;
  std::vector<Part> parts_;
  bool is_number_ = false;
  std::uint64_t multiplier_;
};

}  // namespace rata::reduce
