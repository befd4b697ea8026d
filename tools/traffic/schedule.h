#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <queue>
#include <vector>

#include "traffic/pcap_writer.h"

namespace rata::traffic {

/// An Ethernet frame without its frame check sequence.
struct Frame {
  std::uint32_t size = 0;
  std::array<std::uint8_t, 1536> octets;
};

/// Frames whose moment is still to come, in the order of time; among equals in that of adding. Holds as many as are
/// under way at once, and gives their memory out again.
class Schedule {
 public:
  explicit Schedule(PcapWriter& writer) : writer_(writer) {}

  /// An empty frame to fill in and add. Lifetime: the schedule's, as far as it is added.
  Frame& take();

  /// Units: nanoseconds since 1970, rounded to what the file can hold.
  void add(std::uint64_t stamp_ns, Frame& frame) { pending_.push({writer_.rounded(stamp_ns), added_++, &frame}); }

  /// Writes the frames up to and with this moment.
  void write_until(std::uint64_t stamp_ns);
  void write_all();

  std::uint64_t rounded(std::uint64_t stamp_ns) const { return writer_.rounded(stamp_ns); }
  std::size_t pending() const { return pending_.size(); }

 private:
  struct Entry {
    std::uint64_t stamp_ns;
    std::uint64_t number;
    Frame* frame;
    /// The queue gives the greatest first, so later is less.
    bool operator<(const Entry& other) const {
      return stamp_ns != other.stamp_ns ? stamp_ns > other.stamp_ns : number > other.number;
    }
  };
  PcapWriter& writer_;
  std::priority_queue<Entry> pending_;
  std::uint64_t added_ = 0;
  std::deque<Frame> frames_;
  std::vector<Frame*> free_;
};

}  // namespace rata::traffic
