#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "channel/compressor.h"
#include "util/result.h"

namespace rata::fleet {

/// Who sends a window again, and when.
struct Stamp {
  std::string_view server;
  std::string_view boot;
  std::uint64_t sequence = 0;
  std::int64_t start = 0;  ///< seconds since 1970
};

/// A recorded window: the lines of all its reducers, ready to be sent as somebody's and as of another time. What is the
/// same for all is compressed once, each piece a zstd frame, so that whoever plays 200 monitors has time for them.
class RecordedWindow {
 public:
  /// Errors: the line has no members `serverId`, `monitor`, `start`, `boot` and `sequence` where ratadns writes them.
  util::Result<void> add(std::string_view line, channel::Compressor& compressor);
  std::size_t lines() const { return lines_; }
  std::size_t octets() const { return octets_; }  ///< of the lines, not compressed
  /// zstd frames: the body of a POST, or a part of one.
  std::string body(const Stamp& stamp, channel::Compressor& compressor) const;

 private:
  enum class Kind : unsigned char { text, frame, server, boot, sequence, start };
  struct Piece {
    Kind kind;
    std::string octets;  ///< of text and frame
  };

  void keep(std::string_view text, channel::Compressor& compressor);

  std::vector<Piece> pieces_;
  std::size_t lines_ = 0, octets_ = 0;
};

/// The windows of one monitor, ascending.
using Recording = std::vector<RecordedWindow>;

/// Reads what a monitor wrote to a channel file://, without its first and last window, which may be cut. `reducers`:
/// those to take; empty: all. Errors: the file cannot be read, or has no window of them.
util::Result<Recording> read_recording(const std::string& path, const std::vector<std::string>& reducers);

}  // namespace rata::fleet
