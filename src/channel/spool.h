#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "channel/channel.h"
#include "channel/compressor.h"
#include "channel/spool_acks.h"
#include "channel/spool_segment.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::channel {

/// Only one may use a folder at a time: whoever has its file `lock`.
class FolderLock {
 public:
  FolderLock() = default;
  ~FolderLock() { release(); }
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// Makes the folder when it is not there. Errors: it cannot be made, or somebody else has the lock.
  util::Result<void> take(const std::filesystem::path& folder);
  /// The folder is still the one whose lock we have.
  bool holds() const;
  void release();

 private:
  std::filesystem::path file_;
  int descriptor_ = -1;
};

/// A folder of segments with what waits to be sent: bounded, and used by one process. A record goes from `append`,
/// which takes it into the hands of the sender, to `done`; `release` gives it back to wait for `take`. What was
/// appended and is not done is there after a crash.
/// Thread: `append` and `sync` one, all else any; `counters` never waits for the disk.
class Spool {
 public:
  /// Reads all that is there, at the pace of the disk. Errors: the folder cannot be made, read or written, or another
  /// process uses it.
  static util::Result<std::unique_ptr<Spool>> open(const Settings::Spool& settings,
                                                   const util::Clock& clock = util::Clock::system());
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// One line of JSON a summary, `most_record_lines_octets` at most. Beyond the limit the oldest segment goes.
  /// Returns the record's number. Errors: what failed on which file; nothing of it stays.
  util::Result<std::uint64_t> append(std::string_view lines, std::uint32_t summaries);
  /// What was appended is on the disk itself when this returns.
  util::Result<void> sync();
  Fsync policy() const { return settings_.fsync; }
  const std::string& path() const { return settings_.path; }

  /// Of the lines of one record.
  std::size_t most_octets() const;
  /// `append` of so many octets of lines would not let go of anything that waits.
  bool has_room(std::size_t octets) const;

  /// A record that waits, to be sent.
  struct Taken {
    std::uint64_t number = 0;
    std::uint32_t summaries = 0;
    std::string lines;
  };
  /// The oldest one that waits, of those up to a number. nullopt: none does, or the disk cannot be read now.
  std::optional<Taken> take(std::uint64_t up_to = UINT64_MAX);
  bool has_waiting() const { return waiting_records_ != 0; }

  /// It is not in the sender's hands any more. One that went since the spool was full is counted as dropped now.
  void release(std::uint64_t number, std::uint32_t summaries);

  /// Ascending: will not be sent again. Errors: that could not be written, so that a restart may send them again.
  util::Result<void> done(std::span<const std::uint64_t> numbers);

  /// Of a record that was taken, so many summaries cannot be read.
  void count_unreadable(std::uint64_t summaries) { unreadable_ += summaries; }

  /// Summaries, but for the octets.
  struct Counters {
    std::uint64_t found = 0;           ///< there when it was opened
    std::uint64_t dropped_full = 0;    ///< went beyond the limit
    std::uint64_t unreadable = 0;      ///< damaged
    std::uint64_t waiting = 0;         ///< not done
    std::uint64_t octets = 0;          ///< of the segments
    std::optional<util::Time> oldest;  ///< when the oldest that is not done was written
  };
  Counters counters() const;

  /// What an operator should know and was not told yet: sentences.
  std::vector<std::string> take_notes();

 private:
  using Segments = std::map<std::uint64_t, Segment>;  // by the number in the file's name

  Spool(const Settings::Spool& settings, const util::Clock& clock);
  util::Result<void> load();
  void adopt(std::uint64_t name, LoadedSegment loaded, bool last);
  void cut_off(const LoadedSegment& loaded);
  util::Result<void> make_ready(std::size_t octets);
  util::Result<void> begin_segment();
  util::Result<void> write(std::string_view octets);
  void make_room(std::size_t octets);
  bool let_go_of_last();
  void drop(Segments::iterator segment);
  Segments::iterator remove(Segments::iterator segment);
  IndexedRecord* find(std::uint64_t number, Segments::iterator& segment);
  void lose(Segment& segment, IndexedRecord& record, const std::string& why);
  void close_record(Segment& segment, IndexedRecord& record);
  bool is_written(Segments::iterator segment) const;
  void note_state();

  const Settings::Spool settings_;
  const util::Clock& clock_;
  const std::uint64_t limit_octets_, segment_octets_;
  mutable std::mutex mutex_;
  FolderLock lock_;
  std::optional<SpoolAcks> acks_;
  Segments segments_;
  SegmentWriter writer_;  // of the last segment
  Compressor compressor_{Compression::zstd};
  std::uint64_t next_number_ = 1;
  std::uint64_t damaged_places_ = 0;
  bool told_full_ = false, told_unreadable_ = false;
  std::chrono::steady_clock::time_point next_read_{};  // after the disk could not be read
  std::vector<std::string> notes_;
  std::atomic<std::uint64_t> found_ = 0, dropped_full_ = 0, unreadable_ = 0, waiting_ = 0, octets_ = 0,
                             waiting_records_ = 0;
  std::atomic<std::uint64_t> spare_octets_ = 0;  // of the last segment, when all of it is done
  std::atomic<std::int64_t> oldest_ns_ = INT64_MAX;
};

}  // namespace rata::channel
