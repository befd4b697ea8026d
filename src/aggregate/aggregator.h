#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/scope.h"
#include "summary/rename.h"
#include "summary/summary.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::aggregate {

struct ProcessorConfig {
  std::string type;                ///< "rates", "top_names", "top_types", "top_clients"
  std::size_t output_limit = 20;   ///< rows of a table
  std::size_t parts_limit = 5;     ///< who asked, or what was asked for, inside a row
  std::vector<std::string> reads;  ///< the reducers it listens to; empty: the type's own default

  friend bool operator==(const ProcessorConfig&, const ProcessorConfig&) = default;
};

struct Config {
  std::vector<unsigned> spans = {1, 5, 15};  ///< minutes of packet time, ascending, at most a week
  std::vector<ProcessorConfig> processors;   ///< what is switched on, each type once
  std::vector<Group> groups;                 ///< servers that are shown together
  std::size_t cells = 400'000;  ///< counters kept per processor and server, of all together eight times so many
  /// Servers kept apart. For a further one the one that is longest silent goes, if it is in no view any more; else the
  /// summaries of the further one are refused and counted.
  std::size_t servers = 1024;
  std::size_t views = 64;  ///< made by themselves, for reducers that no processor reads

  friend bool operator==(const Config&, const Config&) = default;
};

/// A server's place in time.
struct ServerState {
  std::string name;
  util::Time last;  ///< end of its newest window
};

/// What there is to see of one processor.
struct ViewInfo {
  std::string name;            ///< in URLs
  std::string_view kind;       ///< "rates", "table" or "merged"
  std::uint64_t revision = 0;  ///< grows with every change
  util::Time updated;          ///< packet time: the end of the newest window in it
  std::vector<std::string> reads;
};

/// How somebody wants to see a table or a merged view.
struct Look {
  bool sketches = false;  ///< of a merged view: with their buckets and registers, so that they can be merged further
  summary::Renaming renaming = {};  ///< of what it shows; empty: as it is
};

/// Summaries of many servers become views over the last minutes of packet time.
///
/// A reducer that no processor reads gets a view of its own, under its name, as soon as something of it comes; the view
/// goes when nothing came for the longest span.
/// Thread: one.
class Aggregator {
 public:
  /// Errors: an unknown processor type, one that comes twice, or spans that are 0, too long or out of order; the
  /// message names what would be accepted.
  static util::Result<std::unique_ptr<Aggregator>> make(const Config& config);
  virtual ~Aggregator() = default;

  /// In any order, from any server. Every summary moves the watermark, also one that no processor reads. An id with a
  /// boot names a contribution: it counts once, in its highest revision; without one each summary adds. Rates, which
  /// are shown by server, are everywhere.
  virtual void add(const summary::Summary& summary, Reach reach = Reach::everywhere) = 0;

  /// What no window's end is believed beyond, such as the time of day and a little more: the views do not follow a
  /// server whose clock runs ahead, and do not show its windows. Without it any is.
  virtual void set_ceiling(util::Time ceiling) = 0;

  /// While nothing comes: makes room for what will, for about so long, or does nothing. True: there is more to do.
  virtual bool tidy(std::chrono::milliseconds patience) = 0;
  /// Makes what has come since the last call a new revision of the views that it changed.
  virtual void settle() = 0;
  /// Ascending by name.
  virtual std::vector<ViewInfo> views() const = 0;
  /// One view as a JSON object (docs/api.md). Nothing: there is no such view, span, group or server.
  virtual std::optional<std::string> json(const std::string& view, unsigned minutes, const Scope& scope,
                                          const Look& look = {}) = 0;
  /// Of a view that grows at its end: at least what is new since that revision. Nothing: as above, or there is nothing
  /// shorter than the whole that joins it.
  virtual std::optional<std::string> newest(const std::string& view, unsigned minutes, const Scope& scope,
                                            std::uint64_t since) = 0;
  /// The older aggregator's events by name, "server_data_v2" and so on: their names, ascending; the view that one
  /// belongs to, "" when there is none such; and one as a JSON list.
  virtual std::vector<std::string> older_names() const = 0;
  virtual std::string older_view(const std::string& name) const = 0;
  virtual std::optional<std::string> older_json(const std::string& name) = 0;

  virtual util::Time watermark() const = 0;  ///< the newest window's end over all servers, at most the ceiling
  virtual std::vector<ServerState> servers() const = 0;
  virtual const std::vector<Group>& groups() const = 0;

  struct Counters {
    std::uint64_t summaries = 0;
    std::uint64_t ignored = 0;    ///< no processor reads them
    std::uint64_t too_old = 0;    ///< older than the largest span
    std::uint64_t ahead = 0;      ///< ended in the future: in the history, not in the views
    std::uint64_t refused = 0;    ///< data that the processor cannot read, an impossible window, a server too many
    std::uint64_t repeated = 0;   ///< already there in this revision or a higher one (summary::Id)
    std::uint64_t cut_cells = 0;  ///< counters given up for `cells`
  };
  virtual Counters counters() const = 0;
};

}  // namespace rata::aggregate
