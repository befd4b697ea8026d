#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "aggregate/older_forms.h"
#include "aggregate/processors/table.h"

namespace rata::aggregate::processors {
namespace {

// The older form has no limit for types, and there are 65,536: whoever asks for all of them gets no longer list.
constexpr std::size_t types_limit = 1000;

/// One client of one server that asked for a type.
struct Asker {
  const Tally* tally = nullptr;
  const std::string* server = nullptr;
  Tally::Counter client;

  std::uint64_t appearance() const { return tally->cell_appearance(client.slot); }
};

struct Type {
  std::string_view qtype;
  std::uint64_t appearance = 0;
  std::vector<Asker> askers;
};

/// The types of all servers in order of first appearance, with the largest askers of each server.
std::vector<Type> types_of(const Table& table, const Moment& moment, std::size_t span) {
  std::vector<Type> types;
  std::unordered_map<std::string_view, std::size_t> places;
  for (const std::string& server : moment.by_arrival) {
    const Tally* tally = table.tally(server);
    if (tally == nullptr) continue;
    const auto keys = tally->largest_keys(span, types_limit, Tally::Ties::by_appearance);
    const auto clients = tally->largest_parts(span, keys, table.output_limit(), Tally::Ties::by_appearance);
    for (std::size_t row = 0; row < keys.size(); ++row) {
      const std::string_view qtype = tally->key_text(keys[row].slot);
      const std::uint64_t appearance = tally->key_appearance(keys[row].slot);
      const auto [place, is_new] = places.try_emplace(qtype, types.size());
      if (is_new) types.push_back({qtype, appearance, {}});
      Type& type = types[place->second];
      type.appearance = std::min(type.appearance, appearance);
      for (const Tally::Counter& client : clients[row].largest) type.askers.push_back({tally, &server, client});
    }
  }
  std::ranges::sort(types, {}, &Type::appearance);
  return types;
}

void append_askers(JsonText& json, const Table& table, std::size_t span, std::vector<Asker>& askers) {
  std::ranges::sort(askers, [](const Asker& left, const Asker& right) {
    if (left.client.queries != right.client.queries) return left.client.queries > right.client.queries;
    return left.appearance() < right.appearance();
  });
  askers.resize(std::min(askers.size(), table.output_limit()));
  json.key("queries").open('[');
  for (const Asker& asker : askers) {
    json.open('{').key("ip").text(older_client(std::string(asker.tally->part_text(asker.client.slot))));
    json.key("queries_count").number(asker.client.queries);
    json.key("percentage").decimal(percent(asker.client.queries, table.total(span)));
    json.key("server_id").text(*asker.server).close('}');
  }
  json.close(']');
}

std::string older_json(const Table& table, const Moment& moment) {
  JsonText json;
  json.open('[');
  for (std::size_t span = 0; span < table.spans().size(); ++span) {
    json.open('{').key("time_span").number(table.spans().minutes(span)).key("qtype_data").open('[');
    for (Type& type : types_of(table, moment, span)) {
      json.open('{').key("qtype").text(older_qtype_number(type.qtype));
      append_askers(json, table, span, type.askers);
      json.close('}');
    }
    json.close(']').close('}');
  }
  json.close(']');
  return json.take();
}

std::unique_ptr<Processor> make(const ProcessorConfig& config, const Spans& spans, std::size_t cells) {
  TableDescriptor descriptor{.name = "top_types",
                             .dimensions = {"qtype", "client"},
                             .count_name = "queries",
                             .older_name = "queries_by_qtype",
                             .older_json = older_json};
  return std::make_unique<Table>(std::move(descriptor), config, spans, cells);
}

constexpr std::string_view reads[] = {"client_by_qtype"};

}  // namespace

extern const ProcessorType top_types;
constinit const ProcessorType top_types{
    .name = "top_types",
    .help = "The types asked for, and who asked.",
    .reads = reads,
    .make = make,
};

}  // namespace rata::aggregate::processors
