#include "aggregate/processors/table.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "aggregate/older_forms.h"

namespace rata::aggregate {
namespace {

/// The counters of many servers are more than those of one, and giving some up costs more the more there are.
constexpr std::size_t cells_of_all = 8;

double rounded(double value) { return std::round(value * 1e4) / 1e4; }

}  // namespace

double percent(std::uint64_t count, std::uint64_t total) {
  return total == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(total);
}

TableDescriptor table_of(const std::string& name, const std::vector<std::string>& by) {
  TableDescriptor descriptor{.name = name, .dimensions = {by.front(), ""}};
  std::string& part = descriptor.dimensions.part;
  for (std::size_t i = 1; i < by.size(); ++i) (i == 1 ? part : part += ' ') += by[i];
  return descriptor;
}

Table::Table(TableDescriptor descriptor, const ProcessorConfig& config, const Spans& spans, std::size_t cells)
    : descriptor_(std::move(descriptor)),
      output_limit_(config.output_limit),
      parts_limit_(config.parts_limit),
      spans_(spans),
      cells_(cells),
      nothing_(shared_, spans, cells) {}

std::optional<Rows> Table::read(const summary::Data& data) const {
  if (const auto* counts = std::get_if<summary::Counts>(&data))
    return rows_from_counts(*counts, descriptor_.dimensions);
  if (const auto* records = std::get_if<summary::Records>(&data))
    return rows_from_records(*records, descriptor_.dimensions);
  return std::nullopt;
}

Taken Table::add(const summary::Summary& summary, const Origin& origin, const Places& places) {
  const std::optional<Rows> texts = read(summary.data);
  if (!texts) return Taken::refused;
  const NumberedRows rows(shared_.texts, *texts);
  Tally::Added added;
  if (places.server) added = server_tally(summary.server).add(origin, rows);
  if (added.taken != Taken::yes) return added.taken;
  for (const std::string& group : places.groups) fresh(groups_, group).add(origin, rows, added.earlier);
  if (!places.server && !all_) make_all();
  if (places.total && all_) all_->add(origin, rows, added.earlier);
  newest_ = std::max(newest_, origin.end);
  return Taken::yes;
}

/// The tally of that name, made now where there is none.
Tally& Table::fresh(Tallies& tallies, const std::string& name) {
  const auto [place, is_new] = tallies.try_emplace(name, shared_, spans_, cells_);
  if (is_new) place->second.advance(watermark_);
  return place->second;
}

/// With what there is of the one server that was its own total.
void Table::make_all() {
  all_ = std::make_unique<Tally>(shared_, spans_, cells_ * cells_of_all);
  all_->advance(watermark_);
  for (const auto& [name, tally] : servers_) tally.replay_into(*all_);
}

Tally& Table::server_tally(const std::string& server) {
  if (!all_ && servers_.size() == 1 && !servers_.contains(server)) make_all();
  return fresh(servers_, server);
}

void Table::advance(util::Time watermark) {
  watermark_ = watermark;
  for (Tallies* tallies : {&servers_, &groups_}) {
    for (auto& [name, tally] : *tallies) tally.advance(watermark);
    std::erase_if(*tallies, [&](const auto& one) {
      if (one.second.empty()) forgotten_cuts_ += one.second.given_up();
      return one.second.empty();
    });
  }
  if (all_) all_->advance(watermark);
}

bool Table::tidy() {
  if (all_ && all_->tidy()) return true;
  for (Tallies* tallies : {&groups_, &servers_})
    for (auto& [name, tally] : *tallies)
      if (tally.tidy()) return true;
  return false;
}

const Tally* Table::tally(const std::string& server) const {
  const auto known = servers_.find(server);
  return known == servers_.end() ? nullptr : &known->second;
}

const Tally& Table::tally(const Scope& scope) const {
  if (scope.kind == Scope::Kind::total) return all_servers();
  const Tallies& tallies = scope.kind == Scope::Kind::group ? groups_ : servers_;
  const auto known = tallies.find(scope.name);
  return known == tallies.end() ? nothing_ : known->second;
}

const Tally& Table::all_servers() const {
  if (all_) return *all_;
  return servers_.empty() ? nothing_ : servers_.begin()->second;
}

std::uint64_t Table::cut_cells() const {
  std::uint64_t cut = forgotten_cuts_ + (all_ ? all_->given_up() : 0);
  for (const Tallies* tallies : {&servers_, &groups_})
    for (const auto& [name, tally] : *tallies) cut += tally.given_up();
  return cut;
}

void Table::append_rest(JsonText& json, std::string_view name, std::uint64_t keys, std::uint64_t count) const {
  json.key(name).open('{').key("keys").number(keys).key(descriptor_.count_name).number(count).close('}');
}

void Table::append_row(JsonText& json, const TableRows::Row& row, std::uint64_t total) const {
  json.open('{').key("key").text(row.text).key(descriptor_.count_name).number(row.count);
  json.key("share").number(rounded(percent(row.count, total)));
  if (!descriptor_.dimensions.part.empty()) {
    std::uint64_t shown = 0;
    json.key("parts").open('[');
    for (const auto& [text, count] : row.parts) {
      json.open('{').key("key").text(text).key(descriptor_.count_name).number(count).close('}');
      shown += count;
    }
    json.close(']');
    append_rest(json, "parts_rest", row.distinct_parts - row.parts.size(), row.count - shown);
  }
  json.close('}');
}

void Table::append_rows(JsonText& json, const TableRows& table) const {
  std::uint64_t shown = 0;
  json.key("total").number(table.total).key("distinct").number(table.distinct);
  json.key("distinct_is_bound").raw(table.distinct_is_bound ? "true" : "false").key("rows").open('[');
  for (const TableRows::Row& row : table.rows) {
    append_row(json, row, table.total);
    shown += row.count;
  }
  json.close(']');
  append_rest(json, "rest", table.distinct - table.rows.size(), table.total - shown);
}

std::string Table::json(const Wanted& wanted, const Moment& moment) {
  const Tally& shown = tally(wanted.scope);
  SpanEnds ends = span_ends(spans_, wanted.span, moment.watermark);
  if (const auto begins = shown.begins(wanted.span); begins && *begins < spans_.cutoff(wanted.span, moment.watermark))
    ends.from = util::text(*begins);
  JsonText json;
  begin_view(json, descriptor_.name, kind(), spans_.minutes(wanted.span), wanted.scope, ends);
  json.key("key").text(descriptor_.dimensions.key);
  if (!descriptor_.dimensions.part.empty()) json.key("part").text(descriptor_.dimensions.part);
  const TableLimits limits{output_limit_, parts_limit_, !descriptor_.dimensions.part.empty()};
  const summary::Renaming& renaming = wanted.look.renaming;
  append_rows(json,
              renaming ? table_rows(shown, wanted.span, limits, renaming) : table_rows(shown, wanted.span, limits));
  return json.close('}').take();
}

std::vector<std::string> Table::older_names() const {
  if (descriptor_.older_name.empty()) return {};
  return {descriptor_.older_name};
}

std::string Table::older_json(const std::string& /*name*/, const Moment& moment) const {
  return descriptor_.older_json == nullptr ? "[]" : descriptor_.older_json(*this, moment);
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
