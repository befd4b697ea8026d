#include "capture/record_buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "capture/compression.h"

namespace rata::capture {
namespace {

// Room for several batches of usual frames, small enough for the second-level cache: the kernel's copy is still warm
// when the frames are read. Measured: 1 MiB costs 2 ns a frame more, 320 KiB gains nothing.
constexpr std::size_t buffer_octets = 512 * 1024;

// Of the first read: enough for the headers and a frame, since of many rotated files at first only the first stamp is
// of interest.
constexpr std::size_t first_octets = 16 * 1024;

}  // namespace

RecordBuffer::RecordBuffer(std::unique_ptr<OctetInput> input)
    : input_(std::move(input)),
      size_(buffer_octets),
      buffer_(std::make_unique<std::uint8_t[]>(buffer_octets + padding_octets)) {}

OctetInput::Got RecordBuffer::refill(std::size_t wanted) {
  const bool first = offset_ == 0 && filled_ == 0;
  if (at_ > 0) std::memmove(buffer_.get(), buffer_.get() + at_, filled_ - at_);
  filled_ -= at_;
  at_ = 0;
  if (wanted > size_) grow(wanted);
  std::size_t count = 0;
  const std::size_t room = first ? first_octets : size_ - filled_;
  const OctetInput::Got got = input_->read({buffer_.get() + filled_, room}, count);
  if (got == OctetInput::Got::some) filled_ += count;
  return got;
}

void RecordBuffer::grow(std::size_t wanted) {
  auto larger = std::make_unique<std::uint8_t[]>(wanted + buffer_octets + padding_octets);
  std::memcpy(larger.get(), buffer_.get(), filled_);
  buffer_ = std::move(larger);
  size_ = wanted + buffer_octets;
}

void RecordBuffer::uncompress() {
  input_ = decompressed(std::move(input_), waiting());
  filled_ = 0;
  compressed_ = true;
}

std::string RecordBuffer::place(std::uint64_t offset) const {
  return fmt::format("at offset {}{}", offset, compressed_ ? " of the uncompressed stream" : "");
}

}  // namespace rata::capture
