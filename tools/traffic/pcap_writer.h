#pragma once

#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "traffic/output.h"

namespace rata::traffic {

/// Resolution of a capture's stamps.
enum class Resolution { microseconds, nanoseconds };

/// Writes a classic pcap file of Ethernet frames, in this machine's byte order, through a buffer. Counts what it wrote.
/// Errors: the first failed write is kept in `error`; nothing is written after it.
/// Source: draft-ietf-opsawg-pcap sections 4 and 5.
class PcapWriter {
 public:
  PcapWriter(Output& output, Resolution resolution);

  /// Units: nanoseconds since 1970.
  void write(std::uint64_t stamp_ns, std::span<const std::uint8_t> frame) {
    if (used_ + frame.size() + record_header_octets > buffer_.size()) flush();
    const auto size = static_cast<std::uint32_t>(frame.size());
    const auto fraction_ns = static_cast<std::uint32_t>(stamp_ns % 1'000'000'000);
    const std::uint32_t header[4] = {static_cast<std::uint32_t>(stamp_ns / 1'000'000'000),
                                     resolution_ == Resolution::nanoseconds ? fraction_ns : fraction_ns / 1000, size,
                                     size};
    std::memcpy(buffer_.data() + used_, header, sizeof header);
    std::memcpy(buffer_.data() + used_ + sizeof header, frame.data(), frame.size());
    used_ += sizeof header + frame.size();
    if (packets_ == 0) first_ns_ = stamp_ns;
    last_ns_ = stamp_ns;
    ++packets_;
    octets_ += frame.size();
  }

  /// Hands everything so far to the output in one write. No write when there is nothing.
  void flush();

  /// A stamp as the file can hold it.
  std::uint64_t rounded(std::uint64_t stamp_ns) const {
    return resolution_ == Resolution::nanoseconds ? stamp_ns : stamp_ns - stamp_ns % 1000;
  }

  /// Errno of the first failed write, or 0.
  int error() const { return error_; }
  std::uint64_t packets() const { return packets_; }
  /// Octets of the frames, without pcap's headers.
  std::uint64_t octets() const { return octets_; }
  std::uint64_t first_ns() const { return first_ns_; }
  std::uint64_t last_ns() const { return last_ns_; }

 private:
  static constexpr std::size_t record_header_octets = 16;

  Output& output_;
  const Resolution resolution_;
  std::vector<std::uint8_t> buffer_;
  std::size_t used_ = 0;
  int error_ = 0;
  std::uint64_t packets_ = 0;
  std::uint64_t octets_ = 0;
  std::uint64_t first_ns_ = 0;
  std::uint64_t last_ns_ = 0;
};

}  // namespace rata::traffic
