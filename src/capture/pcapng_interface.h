#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "capture/frame.h"

namespace rata::capture {

/// The times that a pcapng file's stamps are kept to, whatever its 64 bits and its offset say: 1970 to the end of 2261.
/// Nanoseconds in 64 bits last some months longer, which arithmetic behind us may use up.
inline constexpr util::Time earliest_stamp{0};
inline constexpr util::Time latest_stamp = util::from_seconds(9'214'646'400);

/// The clock of an interface: what its ticks are and where they begin.
class InterfaceClock {
 public:
  /// As if_tsresol has it: the upper bit says powers of two, the others are the negative exponent.
  void set_resolution(std::uint8_t resolution);
  /// As if_tsoffset has it. Units: seconds.
  void set_offset(std::int64_t seconds) { offset_ns_ = Wide{seconds} * util::ns_per_second; }

  /// `outside`: set when the moment lies outside what is kept, and the nearest that is inside was taken.
  util::Time at(std::uint64_t ticks, bool& outside) const {
    const Wide ns = to_ns(ticks) + offset_ns_;
    outside = ns < earliest_stamp.ns || ns > latest_stamp.ns;
    if (outside) [[unlikely]]
      return ns < earliest_stamp.ns ? earliest_stamp : latest_stamp;
    return {static_cast<std::int64_t>(ns)};
  }

 private:
  __extension__ using Wide = __int128;

  Wide to_ns(std::uint64_t ticks) const {
    const Wide scaled = Wide{ticks} * factor_;
    return divisor_ == 1 ? scaled >> shift_ : scaled / divisor_;
  }

  std::uint64_t factor_ = 1000;  // microseconds, unless said otherwise
  std::uint64_t divisor_ = 1;
  unsigned shift_ = 0;
  Wide offset_ns_ = 0;
};

/// An Interface Description Block, as far as it tells how to read the packets.
struct Interface {
  LinkType link = LinkType::Ethernet;
  std::uint32_t snap_octets = 0;  ///< 0: no limit
  std::uint32_t fcs_octets = 0;   ///< checksum of the link layer at the end of each whole frame
  InterfaceClock clock;
};

/// Reads the block's body, without type and lengths. Errors: nullopt, and `why` completes "damaged at offset N: ".
std::optional<Interface> read_interface(std::span<const std::uint8_t> body, bool swapped, std::string& why);

}  // namespace rata::capture
