#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "reduce/batch.h"
#include "reduce/budget.h"
#include "reduce/context.h"
#include "reduce/malformed.h"
#include "reduce/plan.h"
#include "summary/summary.h"
#include "util/result.h"

namespace rata::reduce {

/// What a reducer that works in another process says of a window, once it is known.
/// Thread: one at a time.
class Later {
 public:
  struct Outcome {
    summary::Data data;
    std::uint64_t missed = 0;  ///< messages that are not in it, though the reducer should have had them
  };

  virtual ~Later() = default;

  /// nullopt: not yet. Once it has given an outcome it has none any more.
  virtual std::optional<Outcome> poll() = 0;
  /// Waits for it, within limits of its own.
  virtual Outcome wait() = 0;
};

/// Turns the packets of one shard and one window into rows. One thread; no I/O, no clock, no log.
class Reducer {
 public:
  virtual ~Reducer() = default;

  virtual void add(Batch& batch) noexcept = 0;

  /// A message that is no packet. Few look at those.
  virtual void add_malformed(const MalformedMessage&) noexcept {}

  /// Takes over what `sibling`, the same reducer in another shard, has counted, and leaves it empty.
  virtual void absorb(Reducer& sibling) = 0;

  /// The rows of the window, which took `seconds` of packet time; leaves the reducer empty.
  virtual summary::Data take(double seconds) = 0;

  /// Asked before `take`: who works elsewhere gives this instead of rows. nullptr: `take` has them.
  virtual std::unique_ptr<Later> take_later(double) { return nullptr; }

  /// Packets that were skipped, by the member that they lack and the reducer needs.
  void absorb_lacking(Reducer& sibling) {
    const util::MemberCounts more = sibling.take_lacking();
    for (std::size_t i = 0; i < lacking_.size(); ++i) lacking_[i] += more[i];
  }
  util::MemberCounts take_lacking() { return std::exchange(lacking_, {}); }

 protected:
  util::MemberCounts& lacking() { return lacking_; }

 private:
  util::MemberCounts lacking_{};
};

/// What several reducers of one shard and window have in common, by a name for it.
class Shared {
 public:
  /// What has that name; made by the first who asks.
  template <typename T, typename Make>
  std::shared_ptr<T> get(const std::string& name, Make make) {
    std::shared_ptr<void>& there = by_name_[name];
    if (there == nullptr) there = std::shared_ptr<T>(make());
    return std::static_pointer_cast<T>(there);
  }
  /// nullptr: nobody has asked for it.
  template <typename T>
  std::shared_ptr<T> find(const std::string& name) const {
    const auto there = by_name_.find(name);
    return there == by_name_.end() ? nullptr : std::static_pointer_cast<T>(there->second);
  }

  /// What is to be done once all reducers there are made, and so all that they have in common.
  void when_complete(std::function<void()> task) { tasks_.push_back(std::move(task)); }
  void complete() {
    for (const auto& task : std::exchange(tasks_, {})) task();
  }

 private:
  std::map<std::string, std::shared_ptr<void>> by_name_;
  std::vector<std::function<void()>> tasks_;
};

/// What a reducer is made into. All but `shared` outlives the reducer.
struct Surroundings {
  const Context& context;
  Plan& plan;                ///< learns what the reducer looks at
  Budget* budget = nullptr;  ///< for its tables; nullptr: only `cells` bounds them
  Shared* shared = nullptr;  ///< with the other reducers there; nullptr: it is alone
  Shared* window = nullptr;  ///< with the reducers of all shards in that window; nullptr: it is alone
};

struct ReducerConfig;

/// Makes one instance of what `config` asks for. Errors: an option is missing or names nothing.
using MakeReducer = util::Result<std::unique_ptr<Reducer>>(const ReducerConfig& config, Surroundings& around);

/// A reducer as the configuration asks for it.
struct ReducerConfig {
  std::string type;                  ///< a name of the registry
  std::function<MakeReducer> make;   ///< of one that is in no registry: a script
  std::string name;                  ///< on its summaries; empty: the type
  std::vector<std::string> by;       ///< count_by: dimensions, outermost first
  std::vector<std::string> where;    ///< count_by: all of these must hold
  std::vector<std::uint64_t> limit;  ///< count_by: keys kept per dimension, by count; 0 or absent: all. Lists: entries
  std::uint64_t cells = 1u << 20;    ///< keys counted per window in all shards together

  std::vector<std::string> measure;   ///< count_by: what is said of each key; empty: how many
  std::optional<std::uint64_t> n;     ///< rankings: how many are shown
  std::vector<std::uint64_t> prefix;  ///< clients: bits of an IPv4 and of an IPv6 address that count; empty: all
  bool orig = false;                  ///< presets: what the older chain did, where that was a fault

  const std::string& shown_name() const { return name.empty() ? type : name; }
};

/// A row of the registry (builtin/registry.def).
struct ReducerType {
  std::string_view name;
  std::string_view help;
  std::string_view rows;     ///< what `data` looks like
  std::string_view options;  ///< the ones it takes beside type, name and send, with blanks between
  MakeReducer* make;         ///< one instance for one shard
};

std::span<const ReducerType* const> reducer_types();
/// nullptr when there is none of that name.
const ReducerType* find_reducer_type(std::string_view name);

/// What is said of a type that is none: with the nearest that is, and how count_by does it where a dimension is meant.
std::string no_such_reducer_type(std::string_view name);

/// One instance of what `config` asks for. Errors: no such type, or what is wrong with its options.
util::Result<std::unique_ptr<Reducer>> make_reducer(const ReducerConfig& config, Surroundings& around);

}  // namespace rata::reduce
