#include "aggregate/processor.h"

#include <algorithm>

namespace rata::aggregate {

namespace processors {
#define PROCESSOR(NAME) extern const ProcessorType NAME;
#include "aggregate/processors/registry.def"
#undef PROCESSOR
}  // namespace processors

std::span<const ProcessorType* const> processor_types() {
  static constexpr const ProcessorType* types[] = {
#define PROCESSOR(NAME) &processors::NAME,
#include "aggregate/processors/registry.def"
#undef PROCESSOR
  };
  return types;
}

SpanEnds span_ends(const Spans& spans, std::size_t span, util::Time watermark) {
  const util::Time from = spans.cutoff(span, watermark);
  return {util::text(std::max(from, util::Time{})), util::text(watermark)};
}

}  // namespace rata::aggregate
