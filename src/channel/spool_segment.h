#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "channel/spool_record.h"
#include "util/result.h"

namespace rata::channel {

/// What is known of a record that lies in a segment.
struct IndexedRecord {
  enum class State : std::uint8_t { waiting, taken, done };
  std::uint64_t number = 0;
  std::int64_t written_ns = 0;
  std::uint32_t offset = 0, octets = 0, summaries = 0;
  State state = State::waiting;
};

/// A file of a spool and what is known of its records, which takes 32 octets for each of them.
struct Segment {
  std::filesystem::path file;
  std::uint64_t octets = 0;
  std::vector<IndexedRecord> records;           // by number
  std::size_t open = 0;                         // records that are not done
  std::size_t next_waiting = 0, next_open = 0;  // no record before stands so

  IndexedRecord* find(std::uint64_t number);
  /// nullptr: there is none.
  IndexedRecord* first_waiting();
  const IndexedRecord* first_open();
};

/// "00000000000000000017.spool": the number of its first record.
std::string segment_name(std::uint64_t first);
std::optional<std::uint64_t> parse_segment_name(std::string_view name);

/// A segment as it was found.
struct LoadedSegment {
  Segment segment;
  std::uint64_t gaps = 0;               ///< stretches that are no record
  std::uint64_t damaged_records = 0;    ///< whose head can be read all the same
  std::uint64_t damaged_summaries = 0;  ///< of those
  std::uint64_t whole_octets = 0;       ///< up to the end of the last record
};

/// Reads a file of records whose numbers are above `after`. Errors: it cannot be read.
util::Result<LoadedSegment> load_segment(const std::filesystem::path& file, std::uint64_t after);

/// The octets of a record. Errors: the file cannot be read.
util::Result<std::string> read_record(const Segment& segment, const IndexedRecord& record);
/// Its lines out of those. Errors: they are not those of this record any more.
util::Result<std::string> lines_of_record(std::string_view octets, const IndexedRecord& record);

/// The file that is written. Nothing half written stays in it while it is used.
class SegmentWriter {
 public:
  SegmentWriter() = default;
  ~SegmentWriter() { shut(); }
  SegmentWriter(const SegmentWriter&) = delete;
  SegmentWriter& operator=(const SegmentWriter&) = delete;

  bool is_open() const { return descriptor_ >= 0; }
  /// Begins a file that must not be there. `durable`: its name is on the disk, too, when this returns.
  util::Result<void> begin(const std::filesystem::path& file, bool durable);
  /// Errors: what failed; the file is as it was then, or shut when it cannot be.
  util::Result<void> append(std::string_view octets);
  util::Result<void> sync();
  void shut();

 private:
  bool displaced() const;

  std::filesystem::path file_;
  int descriptor_ = -1;
  off_t size_ = 0;
};

}  // namespace rata::channel
