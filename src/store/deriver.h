#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "store/config.h"
#include "store/database.h"
#include "store/levels.h"
#include "store/pane_reader.h"
#include "util/result.h"

namespace rata::store {

/// A pane that is to be made anew, with what the store knew of it at that moment.
struct Derivation {
  Key key;
  std::uint64_t mark = 0;                            ///< Dirty::Touched::mark
  std::optional<std::vector<std::int64_t>> members;  ///< as PaneReader::Members gives them
};

/// What that came to.
struct Derived {
  Key key;
  std::uint64_t mark = 0;
  /// As it is to lie in the file; empty: there is no such pane. Nothing: the one that is there stays.
  std::optional<std::string> lines;
};

/// Part 0 of the pane, as it lies in the file, from what it is made of.
std::optional<std::string> derived_lines(PaneReader& reader, const Key& key, std::size_t table_rows);

/// Makes panes anew on a thread of its own and a connection of its own, when nobody else wants the processor: that of
/// all servers takes a while, and what comes meanwhile must not wait for it.
/// Thread: one, that of its store.
class Deriver {
 public:
  /// `config` as the store's, whose file there is.
  explicit Deriver(const Config& config) : path_(config.path), table_rows_(config.table_rows) {}
  ~Deriver();
  Deriver(const Deriver&) = delete;
  Deriver& operator=(const Deriver&) = delete;

  /// Each sees what was committed before this call, and maybe what came after it. `levels` as they are now.
  void post(std::vector<Derivation> wanted, const Levels& levels);
  /// What was made since.
  std::vector<Derived> take();
  /// Why the last could not be made, and all that was posted with it has to be again; "": it could.
  std::string trouble() const;
  /// Something that was posted has not been taken yet.
  bool is_busy() const;
  /// Panes whose octets could not be read, since the last call.
  std::uint64_t take_unreadable();

 private:
  void work();
  util::Result<Derived> make(const Derivation& wanted, const Levels& levels);

  const std::string path_;
  const std::size_t table_rows_;
  // Of the thread:
  std::unique_ptr<Database> database_;  // null: not opened yet
  std::uint64_t found_unreadable_ = 0;

  mutable std::mutex mutex_;  // of all below
  std::condition_variable posted_;
  std::atomic<bool> ends_ = false;
  std::deque<Derivation> wanted_;  // the first is being made
  std::optional<Levels> levels_;
  std::vector<Derived> made_;
  std::string trouble_;
  std::uint64_t unreadable_ = 0;
  std::thread thread_;  // from the first post on
};

}  // namespace rata::store
