#include "aggregate/processor.h"

#include <algorithm>

#include "aggregate/processors/merged.h"
#include "aggregate/processors/table.h"

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

std::unique_ptr<Processor> make_processor_of(const summary::Data& data, const std::string& name,
                                             const ProcessorConfig& config, const Spans& spans, std::size_t cells) {
  if (std::holds_alternative<summary::Nothing>(data)) return nullptr;
  const auto* counts = std::get_if<summary::Counts>(&data);
  if (counts != nullptr && !counts->by.empty())
    return std::make_unique<Table>(table_of(name, counts->by), config, spans, cells);
  return std::make_unique<Merged>(name, config, spans);
}

SpanEnds span_ends(const Spans& spans, std::size_t span, util::Time watermark) {
  const util::Time from = spans.cutoff(span, watermark);
  return {util::text(std::max(from, util::Time{})), util::text(watermark)};
}

void begin_view(JsonText& json, std::string_view processor, std::string_view kind, unsigned minutes, const Scope& scope,
                const SpanEnds& ends) {
  json.open('{').key("processor").text(processor).key("kind").text(kind).key("span_minutes").number(minutes);
  json.key("server").text(scope.kind == Scope::Kind::server ? scope.name : "");
  if (scope.kind == Scope::Kind::group) json.key("group").text(scope.name);
  json.key("from").text(ends.from).key("to").text(ends.to);
}

}  // namespace rata::aggregate
