#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/aggregator.h"
#include "aggregate/origin.h"
#include "aggregate/spans.h"
#include "aggregate/view.h"
#include "summary/summary.h"

namespace rata::aggregate {

/// What every view shows beside its own numbers.
struct Moment {
  util::Time watermark;
  std::vector<std::string> servers;     ///< all there are, ascending
  std::vector<std::string> by_arrival;  ///< the same in the order in which they first spoke
};

/// Turns the summaries of some reducers into one view over all spans. Thread: one.
class Processor {
 public:
  virtual ~Processor() = default;

  /// A window that ends after the cutoff of the longest span, from any server, in any order. It comes after the
  /// watermark has moved to its end.
  virtual Taken add(const summary::Summary& summary, const Origin& origin) = 0;
  /// Leaves behind what is too old.
  virtual void advance(util::Time watermark) = 0;
  /// All but `processor` and `revision`, which the aggregator fills in.
  virtual View view(const Moment& moment) = 0;
  virtual std::uint64_t cut_cells() const { return 0; }
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

/// Time text for JSON: the two ends of a span. Never before 1970.
struct SpanEnds {
  std::string from, to;
};
SpanEnds span_ends(const Spans& spans, std::size_t span, util::Time watermark);

}  // namespace rata::aggregate
