#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "store/config.h"
#include "store/database.h"
#include "store/pane.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// The resolutions, and how far back each reaches.
///
/// The horizon of a level is what starts before it is not kept there any more. It is a multiple of the next level's
/// length, and never before that level's own: so a coarser pane has all its finer ones or none.
class Levels {
 public:
  /// Errors: lengths or times that do not fit one another; the message says what would.
  static util::Result<Levels> make(const Config& config);
  /// Reads the horizons, or writes the first ones. Errors: the file was made with other lengths.
  util::Result<void> load(Database& database);

  std::size_t size() const { return levels_.size(); }
  std::uint32_t seconds(std::size_t level) const { return levels_[level].seconds; }
  std::uint32_t base() const { return levels_.front().seconds; }
  std::uint64_t keep_seconds(std::size_t level) const { return levels_[level].keep_seconds; }
  /// The place of the level of that length.
  std::optional<std::size_t> find(std::uint32_t seconds) const;
  util::Time horizon(std::size_t level) const { return horizons_[level]; }
  util::Time fine_horizon() const { return fine_horizon_; }
  std::uint64_t fine_keep_seconds() const { return fine_keep_seconds_; }

  /// The finest level for a window of that length which still keeps its time; nothing: none does.
  std::optional<std::size_t> place(util::Time start, double seconds) const;
  /// What a horizon of the level is a multiple of.
  std::uint32_t step(std::size_t level) const { return seconds(std::min(level + 1, size() - 1)); }

  /// Writes them; `raised` makes them so here, when that is in the file.
  void write_horizon(Database& database, std::uint32_t seconds, util::Time horizon) const;
  void raised(std::uint32_t seconds, util::Time horizon);

 private:
  std::vector<Level> levels_;
  std::vector<util::Time> horizons_;
  std::uint64_t fine_keep_seconds_ = 0;
  util::Time fine_horizon_;
};

}  // namespace rata::store
