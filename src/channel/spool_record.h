#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "util/result.h"
#include "util/time.h"

namespace rata::channel {

/// What stands before the summaries of a record.
struct RecordHead {
  std::uint64_t number = 0;  ///< counts the records of a spool, from 1, never one twice
  util::Time written;        ///< by the clock of the machine
  std::uint32_t summaries = 0;
};

/// A record is a head of this many octets and a zstd frame, which holds one line of JSON a summary. The head, numbers
/// with the low octet first: "RaS1", frame's length (4), number (8), written in ns (8), summaries (4), hash of the
/// frame (8), hash of all that stands before it (8).
inline constexpr std::size_t record_head_octets = 44;

/// Lines of one record, at most: so that a damaged length asks for no more memory.
inline constexpr std::size_t most_record_lines_octets = 64u << 20;

/// `frame`: of the lines, as Compressor makes it.
std::string record_text(const RecordHead& head, std::string_view frame);

/// A record where it lies in its segment.
struct FoundRecord {
  RecordHead head;
  std::size_t offset = 0, octets = 0;  ///< head and frame
  std::string_view frame;              ///< as long as the segment's octets
  bool intact = false;                 ///< false: the head is whole, the frame is not
};

/// Goes through a segment of any octets, and over what is no record.
class RecordReader {
 public:
  explicit RecordReader(std::string_view segment) : segment_(segment) {}

  /// nullopt: there is no other whole head with as many octets as it says.
  std::optional<FoundRecord> next();

  /// Stretches between records that are none.
  std::uint64_t gaps() const { return gaps_; }
  /// Where the last record ends that `next` gave; what stands behind it in the end was not written to its end.
  std::size_t end() const { return end_; }

 private:
  std::string_view segment_;
  std::size_t end_ = 0;
  std::uint64_t gaps_ = 0;
};

/// Errors: no frame of zstd with lines inside, or too large.
util::Result<std::string> unpack_lines(std::string_view frame);

/// Numbers with the low octet first, as all files of a spool have them.
void append_number(std::string& out, std::uint64_t number, std::size_t octets);
std::uint64_t read_number(std::string_view octets);

}  // namespace rata::channel
