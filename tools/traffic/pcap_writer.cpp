#include "traffic/pcap_writer.h"

namespace rata::traffic {
namespace {

// Small enough to stay in the processor's second cache, large enough that a write's own cost does not count; a tick of
// real time at 100,000 queries a second fits.
constexpr std::size_t buffer_octets = 512 << 10;

constexpr std::uint32_t magic_microseconds = 0xa1b2c3d4;
constexpr std::uint32_t magic_nanoseconds = 0xa1b23c4d;
constexpr std::uint32_t version_2_4 = 2 | 4 << 16;  // two 16-bit fields, major first, on a little-endian machine
constexpr std::uint32_t snapshot_octets = 262'144;
constexpr std::uint32_t link_type_ethernet = 1;

}  // namespace

PcapWriter::PcapWriter(Output& output, Resolution resolution)
    : output_(output), resolution_(resolution), buffer_(buffer_octets) {
  const std::uint32_t magic = resolution == Resolution::nanoseconds ? magic_nanoseconds : magic_microseconds;
  const std::uint32_t header[6] = {magic, version_2_4, 0, 0, snapshot_octets, link_type_ethernet};
  std::memcpy(buffer_.data(), header, sizeof header);
  used_ = sizeof header;
}

void PcapWriter::flush() {
  if (used_ > 0 && error_ == 0) error_ = output_.write({buffer_.data(), used_});
  used_ = 0;
}

}  // namespace rata::traffic
