#include <algorithm>
#include <limits>

#include "aggregate/older_forms.h"
#include "aggregate/processors/table.h"

namespace rata::aggregate::processors {
namespace {

void append_client(JsonText& json, const Table& table, const Tally& tally, std::size_t span,
                   const Tally::Counter& client, std::vector<Tally::Counter> qtypes) {
  std::ranges::sort(qtypes, {}, [&](const Tally::Counter& qtype) { return tally.cell_appearance(qtype.slot); });
  json.open('{').key("ip").text(tally.key_text(client.slot)).key("queries").open('[');
  for (const auto& [queries, cell] : qtypes) {
    json.open('{').key("qtype").text(older_qtype_name(tally.part_text(cell)));
    json.key("count").number(queries).close('}');
  }
  json.close(']').key("queries_count").number(client.queries);
  json.key("percentage").decimal(percent(client.queries, table.total(span))).close('}');
}

void append_clients(JsonText& json, const Table& table, const Tally& tally, std::size_t span) {
  constexpr auto all = std::numeric_limits<std::size_t>::max();
  const auto clients = tally.largest_keys(span, table.output_limit(), Tally::Ties::by_appearance);
  auto qtypes = tally.largest_parts(span, clients, all, Tally::Ties::by_appearance);
  json.key("clients_data").open('[');
  for (std::size_t row = 0; row < clients.size(); ++row)
    append_client(json, table, tally, span, clients[row], std::move(qtypes[row].largest));
  json.close(']');
}

std::string older_json(const Table& table, const Moment& moment) {
  return older_json_by_server(table, moment, append_clients);
}

std::unique_ptr<Processor> make(const ProcessorConfig& config, const Spans& spans, std::size_t cells) {
  TableDescriptor descriptor{.name = "top_clients",
                             .dimensions = {"client", "qtype"},
                             .count_name = "queries",
                             .older_name = "queries_summary",
                             .older_json = older_json};
  return std::make_unique<Table>(std::move(descriptor), config, spans, cells);
}

constexpr std::string_view reads[] = {"qtype_by_client"};

}  // namespace

extern const ProcessorType top_clients;
constinit const ProcessorType top_clients{
    .name = "top_clients",
    .help = "The clients that ask most, and for what types.",
    .reads = reads,
    .make = make,
};

}  // namespace rata::aggregate::processors
