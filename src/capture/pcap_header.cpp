#include "capture/pcap_header.h"

#include <fmt/format.h>

#include <array>
#include <bit>

#include "capture/record_reader.h"

namespace rata::capture {
namespace {

constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
/// Alexey Kuznetzov's patched libpcap: behind each record header stand interface, protocol and direction.
constexpr std::uint32_t magic_patched = 0xa1b2cd34;
constexpr std::uint32_t patched_record_header_octets = 24;

constexpr bool known(std::uint32_t magic) {
  return magic == magic_microseconds || magic == magic_nanoseconds || magic == magic_patched;
}

/// What libpcap found in the field.
PcapHeader::Lengths lengths_of(std::uint16_t major, std::uint16_t minor) {
  if ((major == 2 && minor < 3) || (major == 543 && minor == 0)) return PcapHeader::Lengths::original_first;
  return major == 2 && minor == 3 ? PcapHeader::Lengths::either : PcapHeader::Lengths::captured_first;
}

template <bool swapped>
PcapHeader read_fields(const std::uint8_t* octets) {
  // The upper half of the last field: bit 26 says that the four bits above it count the checksum's 16-bit units.
  constexpr std::uint32_t fcs_known = 0x04000000;
  const std::uint32_t magic = word<swapped>(octets), link = word<swapped>(octets + 20);
  PcapHeader header;
  header.link = static_cast<LinkType>(link & 0xffff);
  header.fcs_octets = (link & fcs_known) != 0 ? (link >> 28) * 2 : 0;
  if (magic == magic_patched) header.record_header_octets = patched_record_header_octets;
  header.lengths = lengths_of(half_word<swapped>(octets + 4), half_word<swapped>(octets + 6));
  header.swapped = swapped;
  header.nanoseconds = magic == magic_nanoseconds;
  return header;
}

}  // namespace

Match match_pcap(std::span<const std::uint8_t> first) {
  Match best = Match::no;
  for (const std::uint32_t magic : {magic_microseconds, magic_nanoseconds, magic_patched}) {
    for (const std::uint32_t form : {magic, __builtin_bswap32(magic)}) {
      const Match match = match_magic(first, std::bit_cast<std::array<std::uint8_t, 4>>(form));
      if (match == Match::yes) return match;
      if (match == Match::more) best = match;
    }
  }
  return best;
}

util::Result<PcapHeader> read_pcap_header(std::span<const std::uint8_t> octets) {
  if (octets.size() < pcap_header_octets)
    return util::Error{fmt::format("cut at offset 0: the file header wants {} octets, {} are left", pcap_header_octets,
                                   octets.size())};
  return known(word<false>(octets.data())) ? read_fields<false>(octets.data()) : read_fields<true>(octets.data());
}

}  // namespace rata::capture
