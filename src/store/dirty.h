#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "store/catalogue.h"
#include "store/database.h"
#include "store/levels.h"
#include "store/pane.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::store {

/// Panes whose derived part is to be made anew, as in the file.
class Dirty {
 public:
  struct Touched {
    util::Time time;         ///< wall time when it last became so
    std::uint64_t mark = 0;  ///< another each time: what was made of it before is out of date
  };

  util::Result<void> load(Database& database, util::Time now);

  /// What is derived from a pane of that key, on all levels: the coarser ones of its series, and those of its scopes.
  static std::vector<Key> made_from(const Key& key, const Series& series, const std::vector<Series*>& scopes,
                                    const Levels& levels);

  /// Writes those that are not in the file in the transaction that runs; `marked` says that it is.
  void write(Database& database, const std::vector<Key>& keys) const;
  void marked(const std::vector<Key>& keys, util::Time now);
  /// The same for what is clean again.
  static void remove(Database& database, const Key& key);
  void cleaned(const std::vector<Key>& keys);
  /// What a level does not keep any more.
  static void remove_before(Database& database, std::uint32_t level, util::Time horizon);
  void cleaned_before(std::uint32_t level, util::Time horizon);

  /// By level, so that finer ones come first.
  const std::map<Key, Touched>& all() const { return touched_; }
  /// It is dirty, and has not become so again since.
  bool is_still(const Key& key, std::uint64_t mark) const {
    const auto touched = touched_.find(key);
    return touched != touched_.end() && touched->second.mark == mark;
  }

 private:
  std::map<Key, Touched> touched_;
  std::uint64_t mark_ = 0;  // the last that was given
};

}  // namespace rata::store
