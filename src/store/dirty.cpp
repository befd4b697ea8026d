#include "store/dirty.h"

namespace rata::store {

util::Result<void> Dirty::load(Database& database, util::Time now) {
  database.each("SELECT level, series, start FROM dirty", [&](const Row& row) {
    touched_[{static_cast<std::uint32_t>(row.number(0)), row.number(1), {row.number(2)}}] = {now, ++mark_};
  });
  return database.outcome();
}

std::vector<Key> Dirty::made_from(const Key& key, const Series& series, const std::vector<Series*>& scopes,
                                  const Levels& levels) {
  std::vector<Key> keys;
  const auto own = levels.find(key.level);
  for (std::size_t level = own.value_or(levels.size()); level < levels.size(); ++level) {
    const std::uint32_t seconds = levels.seconds(level);
    const util::Time start = aligned(key.start, seconds);
    if (level != *own) keys.push_back({seconds, series.id, start});
    for (const Series* scope : scopes) keys.push_back({seconds, scope->id, start});
  }
  return keys;
}

void Dirty::write(Database& database, const std::vector<Key>& keys) const {
  for (const Key& key : keys)
    if (!touched_.contains(key))
      database.run("INSERT OR IGNORE INTO dirty(level, series, start) VALUES (?, ?, ?)", std::int64_t{key.level},
                   key.series, key.start.ns);
}

void Dirty::marked(const std::vector<Key>& keys, util::Time now) {
  for (const Key& key : keys) touched_[key] = {now, ++mark_};
}

void Dirty::remove(Database& database, const Key& key) {
  database.run("DELETE FROM dirty WHERE level = ? AND series = ? AND start = ?", std::int64_t{key.level}, key.series,
               key.start.ns);
}

void Dirty::cleaned(const std::vector<Key>& keys) {
  for (const Key& key : keys) touched_.erase(key);
}

void Dirty::remove_before(Database& database, std::uint32_t level, util::Time horizon) {
  database.run("DELETE FROM dirty WHERE level = ? AND start < ?", std::int64_t{level}, horizon.ns);
}

void Dirty::cleaned_before(std::uint32_t level, util::Time horizon) {
  std::erase_if(touched_, [&](const auto& one) { return one.first.level == level && one.first.start < horizon; });
}

}  // namespace rata::store
