#include "aggregate/processors/table.h"

namespace rata::aggregate::processors {
namespace {

void append_names(JsonText& json, const Table& table, const Tally& tally, std::size_t span) {
  json.key("top_qnames").open('[');
  for (const auto& [queries, key] : tally.largest_keys(span, table.output_limit(), Tally::Ties::by_appearance)) {
    json.open('{').key("qname").text(tally.key_text(key)).key("qname_count").number(queries);
    json.key("percentage").decimal(percent(queries, table.total(span))).close('}');
  }
  json.close(']');
}

std::string older_json(const Table& table, const Moment& moment) {
  return older_json_by_server(table, moment, append_names);
}

std::unique_ptr<Processor> make(const ProcessorConfig& config, const Spans& spans, std::size_t cells) {
  TableDescriptor descriptor{.name = "top_names",
                             .dimensions = {"qname", "client"},
                             .count_name = "queries",
                             .older_name = "top_qnames",
                             .older_json = older_json};
  return std::make_unique<Table>(std::move(descriptor), config, spans, cells);
}

constexpr std::string_view reads[] = {"client_by_qname"};

}  // namespace

extern const ProcessorType top_names;
constinit const ProcessorType top_names{
    .name = "top_names",
    .help = "The names asked for most, and who asked.",
    .reads = reads,
    .make = make,
};

}  // namespace rata::aggregate::processors
