#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "capture/octet_input.h"

namespace rata::capture {

/// The octets of an input, uncompressed if need be, in one piece of memory from which records are taken.
class RecordBuffer {
 public:
  /// Behind what waits lie this many octets that may be read, though they say nothing: what simdjson asks for.
  static constexpr std::size_t padding_octets = 64;

  /// Room for several batches of usual frames, small enough for the second-level cache: the kernel's copy is still warm
  /// when the frames are read. Measured: 1 MiB costs 2 ns a frame more, 320 KiB gains nothing.
  static constexpr std::size_t usual_octets = 512 * 1024;

  /// `octets`: room at first; it grows for records that want more.
  explicit RecordBuffer(std::unique_ptr<OctetInput> input, std::size_t octets = usual_octets);

  std::span<const std::uint8_t> waiting() const { return {buffer_.get() + at_, filled_ - at_}; }
  void consume(std::size_t octets) {
    at_ += octets;
    offset_ += octets;
  }
  std::uint64_t offset() const { return offset_; }  ///< of `waiting` in the input, after decompression

  /// Moves what is waiting to the front and reads behind it; room for a record of `wanted` octets is made. Nothing that
  /// points into the buffer may be in use.
  OctetInput::Got refill(std::size_t wanted);

  /// Takes what is waiting, nothing of which has been consumed, as the beginning of compressed octets.
  void uncompress();
  bool compressed() const { return compressed_; }

  /// Why `refill` answered `failed`.
  const std::string& failure() const { return input_->failure(); }
  /// "at offset 24", and of what.
  std::string place(std::uint64_t offset) const;

 private:
  void grow(std::size_t wanted);

  std::unique_ptr<OctetInput> input_;
  std::size_t step_;  ///< room behind a record that wants more than there is
  std::size_t size_;
  std::unique_ptr<std::uint8_t[]> buffer_;
  std::size_t at_ = 0;        ///< the next record in the buffer
  std::size_t filled_ = 0;    ///< end of what was read into the buffer
  std::uint64_t offset_ = 0;  ///< of `at_`
  bool compressed_ = false;
};

}  // namespace rata::capture
