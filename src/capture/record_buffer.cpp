#include "capture/record_buffer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "capture/compression.h"

namespace rata::capture {
namespace {

// Of the first read: enough for the headers and a frame, since of many rotated files at first only the first stamp is
// of interest.
constexpr std::size_t first_octets = 16 * 1024;

}  // namespace

// Not filled with zeros: what a small file never touches costs no memory.
RecordBuffer::RecordBuffer(std::unique_ptr<OctetInput> input, std::size_t octets)
    : input_(std::move(input)),
      step_(octets),
      size_(octets),
      buffer_(std::make_unique_for_overwrite<std::uint8_t[]>(octets + padding_octets)) {}

OctetInput::Got RecordBuffer::refill(std::size_t wanted) {
  const bool first = offset_ == 0 && filled_ == 0;
  if (at_ > 0) std::memmove(buffer_.get(), buffer_.get() + at_, filled_ - at_);
  filled_ -= at_;
  at_ = 0;
  if (wanted > size_) grow(wanted);
  std::size_t count = 0;
  const std::size_t room = first ? std::min(first_octets, size_) : size_ - filled_;
  const OctetInput::Got got = input_->read({buffer_.get() + filled_, room}, count);
  if (got == OctetInput::Got::some) filled_ += count;
  return got;
}

void RecordBuffer::grow(std::size_t wanted) {
  auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(wanted + step_ + padding_octets);
  std::memcpy(larger.get(), buffer_.get(), filled_);
  buffer_ = std::move(larger);
  size_ = wanted + step_;
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
