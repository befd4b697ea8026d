#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "aggregate/view.h"
#include "summary/summary.h"
#include "util/result.h"

namespace rata::aggregate {

struct ProcessorConfig {
  std::string type;                ///< "rates", "top_names", "top_types", "top_clients"
  std::size_t output_limit = 20;   ///< rows of a table
  std::size_t parts_limit = 5;     ///< who asked, or what was asked for, inside a row
  std::vector<std::string> reads;  ///< the reducers it listens to; empty: the type's own default
};

struct Config {
  std::vector<unsigned> spans = {1, 5, 15};  ///< minutes of packet time, ascending, at most a week
  std::vector<ProcessorConfig> processors;   ///< what is switched on, each type once
  std::size_t cells = 400'000;               ///< counters kept per processor and server; the smallest go first
  std::size_t servers = 64;                  ///< servers kept apart; summaries of further ones are refused and counted
};

/// A server's place in time.
struct ServerState {
  std::string name;
  util::Time last;  ///< end of its newest window
};

/// Summaries of many servers become views over the last minutes of packet time.
/// Thread: one.
class Aggregator {
 public:
  /// Errors: an unknown processor type, one that comes twice, or spans that are 0, too long or out of order; the
  /// message names what would be accepted.
  static util::Result<std::unique_ptr<Aggregator>> make(const Config& config);
  virtual ~Aggregator() = default;

  /// In any order, from any server. Every summary moves the watermark, also one that no processor reads. An id with a
  /// boot names a contribution: it counts once, in its highest revision; without one each summary adds.
  virtual void add(const summary::Summary& summary) = 0;
  /// The views of now; those that did not change since the last call are the same objects.
  virtual Board board() = 0;
  virtual util::Time watermark() const = 0;  ///< the newest window's end over all servers
  virtual std::vector<ServerState> servers() const = 0;

  struct Counters {
    std::uint64_t summaries = 0;
    std::uint64_t ignored = 0;    ///< no processor reads them
    std::uint64_t too_old = 0;    ///< older than the largest span
    std::uint64_t refused = 0;    ///< data that the processor cannot read, an impossible window, a server too many
    std::uint64_t repeated = 0;   ///< already there in this revision or a higher one (summary::Id)
    std::uint64_t cut_cells = 0;  ///< counters given up for `cells`
  };
  virtual Counters counters() const = 0;
};

}  // namespace rata::aggregate
