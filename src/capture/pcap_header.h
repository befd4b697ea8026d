#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "capture/frame.h"
#include "util/result.h"

namespace rata::capture {

inline constexpr std::size_t pcap_header_octets = 24;

/// The largest snapshot length that libpcap accepts; a record that says more is damaged, whatever the header says.
inline constexpr std::uint32_t max_captured_octets = 256 * 1024;

/// The header of a pcap file, as far as it tells how to read the records.
/// Source: draft-ietf-opsawg-pcap, "PCAP Capture File Format".
struct PcapHeader {
  /// Which of a record's two lengths stands first. Versions before 2.3 and version 543.0 wrote the length on the wire
  /// there, writers of 2.3 either: then the smaller one is what was captured.
  enum class Lengths : std::uint8_t { captured_first, original_first, either };

  LinkType link = LinkType::Ethernet;
  std::uint32_t fcs_octets = 0;  ///< checksum of the link layer at the end of each whole frame
  std::uint32_t record_header_octets = 16;
  Lengths lengths = Lengths::captured_first;
  bool swapped = false;  ///< written on a machine of the other byte order
  bool nanoseconds = false;

  /// Not as nearly all files are: longer record headers, or lengths in another order.
  bool odd() const { return record_header_octets != 16 || lengths != Lengths::captured_first; }
};

/// Errors: the header is cut. The caller adds the input's name.
util::Result<PcapHeader> read_pcap_header(std::span<const std::uint8_t> octets);

/// A number in the byte order of the file.
template <bool swapped>
std::uint32_t word(const std::uint8_t* octets) noexcept {
  std::uint32_t value;
  std::memcpy(&value, octets, sizeof value);
  return swapped ? __builtin_bswap32(value) : value;
}
template <bool swapped>
std::uint16_t half_word(const std::uint8_t* octets) noexcept {
  std::uint16_t value;
  std::memcpy(&value, octets, sizeof value);
  return swapped ? __builtin_bswap16(value) : value;
}

/// A frame that the snapshot length has cut has lost its checksum already.
inline void strip_fcs(Frame& frame, std::uint32_t fcs_octets) noexcept {
  if (frame.octets.size() != frame.original_length || frame.octets.size() < fcs_octets) return;
  frame.octets = frame.octets.first(frame.octets.size() - fcs_octets);
  frame.original_length -= fcs_octets;
}

}  // namespace rata::capture
