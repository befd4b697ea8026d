#include "aggregate/processors/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregate/older_forms.h"

namespace rata::aggregate {
namespace {

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

void append_rest(JsonText& json, std::string_view name, std::uint64_t keys, std::uint64_t queries) {
  json.key(name).open('{').key("keys").number(keys).key("queries").number(queries).close('}');
}

/// Returns the queries of the parts shown.
std::uint64_t append_parts(JsonText& json, const Tally& tally, const std::vector<Tally::Counter>& parts) {
  std::uint64_t shown = 0;
  json.key("parts").open('[');
  for (const auto& [queries, cell] : parts) {
    json.open('{').key("key").text(tally.part_text(cell)).key("queries").number(queries).close('}');
    shown += queries;
  }
  json.close(']');
  return shown;
}

}  // namespace

double percent(std::uint64_t count, std::uint64_t total) {
  return total == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(total);
}

Table::Table(const TableDescriptor& descriptor, const ProcessorConfig& config, const Spans& spans, std::size_t cells)
    : descriptor_(descriptor),
      output_limit_(config.output_limit),
      parts_limit_(config.parts_limit),
      spans_(spans),
      cells_(cells),
      nothing_(spans, cells) {}

std::optional<Rows> Table::read(const summary::Data& data) const {
  if (const auto* counts = std::get_if<summary::Counts>(&data))
    return rows_from_counts(*counts, descriptor_.dimensions);
  if (const auto* records = std::get_if<summary::Records>(&data))
    return rows_from_records(*records, descriptor_.dimensions);
  return std::nullopt;
}

Taken Table::add(const summary::Summary& summary, const Origin& origin) {
  const std::optional<Rows> rows = read(summary.data);
  if (!rows) return Taken::refused;
  const Taken taken = tally_of(summary.server).add(origin, *rows, sequence_);
  if (taken != Taken::yes) return taken;
  if (all_) all_->add(origin, *rows, sequence_);
  newest_ = std::max(newest_, origin.end);
  return taken;
}

Tally& Table::tally_of(const std::string& server) {
  const auto known = servers_.find(server);
  if (known != servers_.end()) return known->second;
  if (servers_.size() == 1) {
    all_ = std::make_unique<Tally>(spans_, cells_);
    all_->advance(watermark_);
    servers_.begin()->second.replay_into(*all_, sequence_);
  }
  Tally& tally = servers_.try_emplace(server, spans_, cells_).first->second;
  tally.advance(watermark_);
  return tally;
}

void Table::advance(util::Time watermark) {
  watermark_ = watermark;
  for (auto& [server, tally] : servers_) tally.advance(watermark);
  if (all_) all_->advance(watermark);
}

const Tally* Table::tally(const std::string& server) const {
  const auto known = servers_.find(server);
  return known == servers_.end() ? nullptr : &known->second;
}

const Tally& Table::all_servers() const {
  if (all_) return *all_;
  return servers_.empty() ? nothing_ : servers_.begin()->second;
}

std::uint64_t Table::cut_cells() const {
  std::uint64_t cut = all_ ? all_->given_up() : 0;
  for (const auto& [server, tally] : servers_) cut += tally.given_up();
  return cut;
}

std::string Table::body(const Tally& tally, std::size_t span) const {
  const std::uint64_t total = tally.total(span);
  const std::uint64_t distinct = tally.distinct(span);
  const auto keys = tally.largest_keys(span, output_limit_, Tally::Ties::by_text);
  const auto parts = tally.largest_parts(span, keys, parts_limit_, Tally::Ties::by_text);
  std::uint64_t shown = 0;
  JsonText json;
  json.key("key").text(descriptor_.dimensions.key).key("part").text(descriptor_.dimensions.part);
  json.key("total").number(total).key("distinct").number(distinct);
  json.key("distinct_is_bound").raw(tally.distinct_is_bound(span) ? "true" : "false").key("rows").open('[');
  for (std::size_t row = 0; row < keys.size(); ++row) {
    const auto& [queries, key] = keys[row];
    json.open('{').key("key").text(tally.key_text(key)).key("queries").number(queries);
    json.key("share").number(rounded(percent(queries, total)));
    const std::uint64_t shown_inside = append_parts(json, tally, parts[row].largest);
    append_rest(json, "parts_rest", parts[row].distinct - parts[row].largest.size(), queries - shown_inside);
    json.close('}');
    shown += queries;
  }
  json.close(']');
  append_rest(json, "rest", distinct - keys.size(), total - shown);
  return json.take();
}

View::Span Table::span_view(std::size_t span, const Moment& moment) const {
  View::Span view{spans_.minutes(span), {}, {}};
  const SpanEnds ends = span_ends(spans_, span, moment.watermark);
  const auto with_head = [&](const std::string& server, const std::string& members) {
    JsonText json;
    json.open('{').key("processor").text(descriptor_.name).key("span_minutes").number(spans_.minutes(span));
    json.key("server").text(server).key("from").text(ends.from).key("to").text(ends.to).raw(members).close('}');
    return json.take();
  };
  const std::string all = body(all_servers(), span);
  view.json_by_server[""] = with_head("", all);
  for (const std::string& server : moment.servers) {
    const Tally* own = tally(server);
    const bool is_all = own != nullptr && own == &all_servers();
    view.json_by_server[server] = with_head(server, is_all ? all : body(own ? *own : nothing_, span));
  }
  return view;
}

View Table::view(const Moment& moment) {
  View view;
  view.updated = newest_;
  for (std::size_t span = 0; span < spans_.size(); ++span) view.spans.push_back(span_view(span, moment));
  view.older_json[std::string(descriptor_.older_name)] = descriptor_.older_json(*this, moment);
  return view;
}

std::string older_json_by_server(const Table& table, const Moment& moment,
                                 void (*append)(JsonText&, const Table&, const Tally&, std::size_t span)) {
  JsonText json;
  json.open('[');
  for (std::size_t span = 0; span < table.spans().size(); ++span) {
    json.open('{').key("time_span").number(table.spans().minutes(span)).key("servers_data").open('[');
    for (const std::string& server : moment.by_arrival) {
      const Tally* tally = table.tally(server);
      if (tally == nullptr || !tally->has_windows(span)) continue;
      json.open('{').key("server_id").text(server);
      append(json, table, *tally, span);
      json.close('}');
    }
    json.close(']').close('}');
  }
  json.close(']');
  return json.take();
}

}  // namespace rata::aggregate
