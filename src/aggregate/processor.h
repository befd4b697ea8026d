#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/aggregator.h"
#include "aggregate/json_text.h"
#include "aggregate/origin.h"
#include "aggregate/scope.h"
#include "aggregate/spans.h"
#include "summary/summary.h"

namespace rata::aggregate {

/// What every view shows beside its own numbers.
struct Moment {
  util::Time watermark;
  std::vector<std::string> servers;     ///< of the scope that is asked for, ascending
  std::vector<std::string> by_arrival;  ///< all there are, in the order in which they first spoke
};

/// Which of a processor's views.
struct Wanted {
  std::size_t span = 0;
  Scope scope;
  std::uint64_t since = 0;  ///< only what is new since that revision; 0: all
  Look look = {};
};

/// Where a summary counts.
struct Places {
  bool total = true;
  bool server = true;                   ///< under its name
  std::span<const std::string> groups;  ///< those that its server is in
};

/// Turns the summaries of some reducers into one view over all spans. Thread: one.
class Processor {
 public:
  virtual ~Processor() = default;

  /// A window that ends after the cutoff of the longest span, from any server, in any order. That of a server comes
  /// after the watermark has moved to its end.
  virtual Taken add(const summary::Summary& summary, const Origin& origin, const Places& places) = 0;
  /// Leaves behind what is too old.
  virtual void advance(util::Time watermark) = 0;
  /// While nothing comes: one step of making room for what does. True: there is more to do.
  virtual bool tidy() { return false; }
  /// What has come since the last call is new in this revision. Revisions grow.
  virtual void settle(std::uint64_t /*revision*/) {}
  /// Whether there is something shorter than the whole that joins that revision.
  virtual bool joins(std::uint64_t /*revision*/) const { return false; }
  /// The view as a JSON object.
  virtual std::string json(const Wanted& wanted, const Moment& moment) = 0;
  /// "rates", "table" or "merged": which members its views have (docs/api.md).
  virtual std::string_view kind() const = 0;
  /// Packet time: the end of the newest window in it.
  virtual util::Time updated() const = 0;
  virtual std::uint64_t cut_cells() const { return 0; }

  /// Names of the older aggregator's events that it makes.
  virtual std::vector<std::string> older_names() const { return {}; }
  /// Such an event: a JSON list, one element per span.
  virtual std::string older_json(const std::string& /*name*/, const Moment& /*moment*/) const { return "[]"; }
};

/// A kind of processor: a row of registry.def.
struct ProcessorType {
  std::string_view name;  ///< in configuration and URLs
  std::string_view help;
  std::span<const std::string_view> reads;  ///< the reducers it listens to unless told otherwise
  std::unique_ptr<Processor> (*make)(const ProcessorConfig& config, const Spans& spans, std::size_t cells);
};

/// Every kind there is, in the order of registry.def.
std::span<const ProcessorType* const> processor_types();

/// For a reducer that nobody reads: a table of counters, or whatever else its data are, merged. `data`: the first that
/// came. Null: there is nothing to show (summary::Nothing).
std::unique_ptr<Processor> make_processor_of(const summary::Data& data, const std::string& name,
                                             const ProcessorConfig& config, const Spans& spans, std::size_t cells);

/// Time text for JSON: the two ends of a span. Never before 1970.
struct SpanEnds {
  std::string from, to;
};
SpanEnds span_ends(const Spans& spans, std::size_t span, util::Time watermark);

/// Opens the object of a view and writes what all of them begin with.
void begin_view(JsonText& json, std::string_view processor, std::string_view kind, unsigned minutes, const Scope& scope,
                const SpanEnds& ends);

}  // namespace rata::aggregate
