#include "store/levels.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace rata::store {
namespace {

constexpr std::uint64_t most_seconds = 100 * 366 * seconds_per_day;

util::Result<void> check(const std::vector<Level>& levels) {
  if (levels.empty()) return util::Error{"the history has no levels; give at least one, such as 10 s kept for 2 days"};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    const Level& level = levels[i];
    if (level.seconds <= fine_seconds || level.seconds > seconds_per_day)
      return util::Error{fmt::format("a level of {} s: 2 to {} are possible", level.seconds, seconds_per_day)};
    if (level.keep_seconds < level.seconds || level.keep_seconds > most_seconds)
      return util::Error{fmt::format("level of {} s: kept for {} s; its own length up to 100 years is possible",
                                     level.seconds, level.keep_seconds)};
    if (i == 0) continue;
    const Level& finer = levels[i - 1];
    if (level.seconds <= finer.seconds || level.seconds % finer.seconds != 0)
      return util::Error{fmt::format("a level of {} s after one of {} s: it must be a multiple of that, and longer",
                                     level.seconds, finer.seconds)};
    if (level.keep_seconds < finer.keep_seconds || finer.keep_seconds < level.seconds)
      return util::Error{
          fmt::format("levels of {} and {} s, kept for {} and {} s: the finer must be kept for {} s at "
                      "least, and not longer than the other",
                      finer.seconds, level.seconds, finer.keep_seconds, level.keep_seconds, level.seconds)};
  }
  return {};
}

template <typename Range>
std::string listed(const Range& lengths) {
  return fmt::format("{} s", fmt::join(lengths, ", "));
}

}  // namespace

util::Result<Levels> Levels::make(const Config& config) {
  if (auto checked = check(config.levels); !checked) return checked.error();
  Levels levels;
  levels.levels_ = config.levels;
  levels.horizons_.resize(config.levels.size());
  levels.fine_keep_seconds_ = std::min(config.fine_keep_seconds, most_seconds);
  return levels;
}

util::Result<void> Levels::load(Database& database) {
  std::vector<std::uint32_t> written, wanted;
  std::vector<util::Time> horizons;
  database.each("SELECT level, start FROM horizon ORDER BY level", [&](const Row& row) {
    const auto seconds = static_cast<std::uint32_t>(row.number(0));
    if (seconds == fine_seconds) {
      fine_horizon_ = {row.number(1)};
    } else {
      written.push_back(seconds);
      horizons.push_back({row.number(1)});
    }
  });
  if (auto read = database.outcome(); !read) return read;
  for (const Level& level : levels_) wanted.push_back(level.seconds);
  if (written.empty()) {
    database.begin();
    for (std::size_t i = 0; i < size(); ++i) write_horizon(database, seconds(i), horizons_[i]);
    return database.commit();
  }
  if (written != wanted)
    return util::Error{
        fmt::format("{}: was made for panes of {}, and {} are configured: keep those (how long they are "
                    "kept may change), or name another file",
                    database.path(), listed(written), listed(wanted))};
  horizons_ = std::move(horizons);
  return {};
}

std::optional<std::size_t> Levels::find(std::uint32_t seconds) const {
  const auto place = std::ranges::find(levels_, seconds, &Level::seconds);
  if (place == levels_.end()) return std::nullopt;
  return static_cast<std::size_t>(place - levels_.begin());
}

std::optional<std::size_t> Levels::place(util::Time start, double seconds) const {
  for (std::size_t level = 0; level < size(); ++level) {
    const bool is_long_enough = levels_[level].seconds >= seconds || level + 1 == size();
    if (is_long_enough && aligned(start, levels_[level].seconds) >= horizons_[level]) return level;
  }
  return std::nullopt;
}

void Levels::write_horizon(Database& database, std::uint32_t seconds, util::Time horizon) const {
  database.run("INSERT OR REPLACE INTO horizon(level, start) VALUES (?, ?)", std::int64_t{seconds}, horizon.ns);
}

void Levels::raised(std::uint32_t seconds, util::Time horizon) {
  if (seconds == fine_seconds)
    fine_horizon_ = horizon;
  else if (const auto level = find(seconds))
    horizons_[*level] = horizon;
}

}  // namespace rata::store
