#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "util/result.h"

namespace rata::fleet {

/// Who sends a window again, and when.
struct Stamp {
  std::string_view server;
  std::string_view boot;
  std::uint64_t sequence = 0;
  std::int64_t start = 0;  ///< seconds since 1970
};

/// A recorded window: the lines of all its reducers, ready to be sent as somebody's and as of another time.
class RecordedWindow {
 public:
  /// Errors: the line has no members `serverId`, `monitor`, `start`, `boot` and `sequence` where ratadns writes them.
  util::Result<void> add(std::string_view line);
  std::size_t lines() const { return lines_; }
  std::size_t octets() const { return octets_; }
  void append(std::string& text, const Stamp& stamp) const;

 private:
  enum class Kind : unsigned char { text, server, boot, sequence, start };
  struct Piece {
    Kind kind;
    std::string octets;  ///< of text
  };

  std::vector<Piece> pieces_;
  std::size_t lines_ = 0, octets_ = 0;
};

/// The windows of one monitor, ascending.
using Recording = std::vector<RecordedWindow>;

/// Reads what a monitor wrote to a channel file://, without its first and last window, which may be cut. `reducers`:
/// those to take; empty: all. Errors: the file cannot be read, or has no window of them.
util::Result<Recording> read_recording(const std::string& path, const std::vector<std::string>& reducers);

}  // namespace rata::fleet
