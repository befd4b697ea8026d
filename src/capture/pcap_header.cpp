#include "capture/pcap_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>

namespace rata::capture {
namespace {

constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t magic_pcapng = 0x0a0d0d0a;  // the same in both byte orders

constexpr const char* accepted = "accepted: pcap with microseconds or nanoseconds, of either byte order, plain or gzip";

std::string hex_start(std::span<const std::uint8_t> octets) {
  std::string text;
  for (const std::uint8_t octet : octets.first(std::min<std::size_t>(octets.size(), 8)))
    text += fmt::format("{}{:02x}", text.empty() ? "" : " ", octet);
  return text;
}

struct Compression {
  std::array<std::uint8_t, 4> magic;
  const char* program;
};

constexpr Compression compressions[] = {
    {{0xfd, '7', 'z', 'X'}, "xz"},
    {{0x28, 0xb5, 0x2f, 0xfd}, "zstd"},
    {{0x04, 0x22, 0x4d, 0x18}, "lz4"},
    {{'B', 'Z', 'h', '9'}, "bzip2"},
};

util::Error refuse(std::span<const std::uint8_t> octets, std::uint32_t magic) {
  if (magic == magic_pcapng)
    return {
        fmt::format("is a pcapng file (\"{}\" at offset 0), which is not read yet; "
                    "\"editcap -F pcap IN OUT\" makes a pcap file of it ({})",
                    hex_start(octets), accepted)};
  for (const Compression& known : compressions)
    if (octets.size() >= 4 && std::equal(known.magic.begin(), known.magic.end(), octets.begin()))
      return {
          fmt::format("is compressed with {0} (\"{1}\" at offset 0), which is not read yet; "
                      "\"{0} -dc FILE | ...\" to standard input, named -, works ({2})",
                      known.program, hex_start(octets), accepted)};
  return {fmt::format("is no capture file that can be read: it starts with \"{}\" at offset 0 ({})", hex_start(octets),
                      accepted)};
}

template <bool swapped>
PcapHeader read_fields(const std::uint8_t* octets) {
  // The upper half of the last field: bit 26 says that the four bits above it count the checksum's 16-bit units.
  constexpr std::uint32_t fcs_known = 0x04000000;
  const std::uint32_t link = word<swapped>(octets + 20);
  PcapHeader header;
  header.link = static_cast<LinkType>(link & 0xffff);
  header.fcs_octets = (link & fcs_known) != 0 ? (link >> 28) * 2 : 0;
  header.swapped = swapped;
  header.nanoseconds = word<swapped>(octets) == magic_nanoseconds;
  return header;
}

}  // namespace

util::Result<PcapHeader> read_pcap_header(std::span<const std::uint8_t> octets) {
  if (octets.empty()) return util::Error{"is empty; a capture file begins with a header of 24 octets"};
  if (octets.size() < 4) return refuse(octets, 0);
  const std::uint32_t magic = word<false>(octets.data());
  const bool native = magic == magic_microseconds || magic == magic_nanoseconds;
  const std::uint32_t turned = __builtin_bswap32(magic);
  if (!native && turned != magic_microseconds && turned != magic_nanoseconds) return refuse(octets, magic);
  if (octets.size() < pcap_header_octets)
    return util::Error{fmt::format("cut at offset 0: the file header wants {} octets, {} are left", pcap_header_octets,
                                   octets.size())};
  return native ? read_fields<false>(octets.data()) : read_fields<true>(octets.data());
}

}  // namespace rata::capture
