#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "capture/frame.h"
#include "util/result.h"

namespace rata::capture {

inline constexpr std::size_t pcap_header_octets = 24;
inline constexpr std::size_t record_header_octets = 16;

/// The largest snapshot length that libpcap accepts; a record that says more is damaged, whatever the header says.
inline constexpr std::uint32_t max_captured_octets = 256 * 1024;

/// The header of a pcap file, as far as it tells how to read the records.
/// Source: draft-ietf-opsawg-pcap, "PCAP Capture File Format".
struct PcapHeader {
  LinkType link = LinkType::Ethernet;
  std::uint32_t fcs_octets = 0;  ///< checksum of the link layer at the end of each whole frame
  bool swapped = false;          ///< written on a machine of the other byte order
  bool nanoseconds = false;
};

/// Errors: what the octets are instead, and which formats are accepted. The caller adds the input's name.
util::Result<PcapHeader> read_pcap_header(std::span<const std::uint8_t> octets);

/// A 32-bit field in the byte order of the file.
template <bool swapped>
std::uint32_t word(const std::uint8_t* octets) noexcept {
  std::uint32_t value;
  std::memcpy(&value, octets, sizeof value);
  return swapped ? __builtin_bswap32(value) : value;
}

/// How many octets were captured, says the record header at `record`.
inline std::uint32_t capture_length(const std::uint8_t* record, bool swapped) noexcept {
  return swapped ? word<true>(record + 8) : word<false>(record + 8);
}

/// A frame that the snapshot length has cut has lost its checksum already.
inline void strip_fcs(Frame& frame, std::uint32_t fcs_octets) noexcept {
  if (frame.octets.size() != frame.original_length || frame.octets.size() < fcs_octets) return;
  frame.octets = frame.octets.first(frame.octets.size() - fcs_octets);
  frame.original_length -= fcs_octets;
}

}  // namespace rata::capture
