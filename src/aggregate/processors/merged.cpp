#include "aggregate/processors/merged.h"

#include <algorithm>
#include <utility>

#include "summary/cut.h"
#include "summary/merge.h"

namespace rata::aggregate {
namespace {

using summary::Relation;
using summary::Summary;

constexpr std::int64_t piece_ns = 10 * util::ns_per_second;
constexpr std::size_t rows_a_shown_row = 10;

std::int64_t start_of(std::int64_t ns, std::int64_t unit) { return ns - ns % unit; }

util::Time end_of(const Summary& summary) { return origin_of(summary).end; }

/// Rates are the one form that asks how parts stand in time: windows that begin together are watched side by side.
bool is_rate(const Summary& summary) { return std::holds_alternative<summary::Rates>(summary.data); }

/// What keys are of, where the data says it.
void append_dimensions(JsonText& json, const summary::Data& data) {
  const auto* measures = std::get_if<summary::Measures>(&data);
  if (measures == nullptr) return;
  json.key("by").open('[');
  for (const std::string& dimension : measures->counts.by) json.text(dimension);
  json.close(']');
}

}  // namespace

bool Pieces::add(const Summary& summary, const Origin& origin) {
  const std::int64_t start = is_rate(summary) ? origin.start.ns : start_of(origin.start.ns, piece_ns);
  const auto [piece, is_new] = pieces_.try_emplace(start, summary);
  if (!is_new && !summary::merge(piece->second, Summary(summary), Relation::side_by_side)) return false;
  summary::cut(piece->second.data, rows_);
  minutes_.erase(start_of(start, minute_ns));
  return true;
}

void Pieces::forget_until(util::Time cutoff) {
  while (!pieces_.empty() && end_of(pieces_.begin()->second) <= cutoff) {
    minutes_.erase(start_of(pieces_.begin()->first, minute_ns));
    pieces_.erase(pieces_.begin());
  }
}

const Summary& Pieces::minute(std::int64_t start) {
  const auto [minute, is_new] = minutes_.try_emplace(start);
  if (!is_new) return minute->second;
  for (auto piece = pieces_.lower_bound(start); piece != pieces_.end() && piece->first < start + minute_ns; ++piece) {
    if (minute->second.type.empty())
      minute->second = piece->second;
    else
      static_cast<void>(summary::merge(minute->second, Summary(piece->second), Relation::consecutive));
  }
  summary::cut(minute->second.data, rows_);
  return minute->second;
}

Summary Pieces::merged_after(util::Time cutoff) {
  Summary all;
  const auto take = [&](const Summary& part) {
    if (all.type.empty())
      all = part;
    else
      static_cast<void>(summary::merge(all, Summary(part), Relation::consecutive));
  };
  for (auto piece = pieces_.begin(); piece != pieces_.end();) {
    const std::int64_t start = start_of(piece->first, minute_ns);
    const bool is_whole_minute = piece->first >= start && start > cutoff.ns;
    if (end_of(piece->second) <= cutoff) {
      ++piece;
    } else if (is_whole_minute) {
      take(minute(start));
      piece = pieces_.lower_bound(start + minute_ns);
    } else {
      take((piece++)->second);
    }
  }
  return all;
}

Merged::Merged(std::string name, const ProcessorConfig& config, const Spans& spans)
    : name_(std::move(name)), output_limit_(config.output_limit), spans_(spans) {}

Taken Merged::add(const Summary& summary, const Origin& origin, const Places& places) {
  if (origin.id != 0 && seen_.contains({origin.end, origin.id})) return Taken::repeated;
  // The total first, where it counts there: what fits there fits wherever parts of it are.
  std::vector<Scope> scopes;
  if (places.total) scopes.push_back(Scope::total());
  if (places.server) scopes.push_back(Scope::server(summary.server));
  for (const std::string& group : places.groups) scopes.push_back(Scope::group(group));
  for (const Scope& scope : scopes) {
    Pieces& pieces = scopes_.try_emplace(scope, output_limit_ * rows_a_shown_row).first->second;
    if (!pieces.add(summary, origin)) return Taken::refused;
  }
  if (origin.id != 0) seen_.emplace(origin.end, origin.id);
  newest_ = std::max(newest_, origin.end);
  return Taken::yes;
}

void Merged::advance(util::Time watermark) {
  const util::Time cutoff = spans_.cutoff(spans_.longest(), watermark);
  for (auto& [scope, pieces] : scopes_) pieces.forget_until(cutoff);
  std::erase_if(scopes_, [](const auto& one) { return one.second.empty(); });
  seen_.erase(seen_.begin(), seen_.upper_bound({cutoff, UINT64_MAX}));
}

std::string Merged::json(const Wanted& wanted, const Moment& moment) {
  const auto pieces = scopes_.find(wanted.scope);
  Summary all;
  if (pieces != scopes_.end()) all = pieces->second.merged_after(spans_.cutoff(wanted.span, moment.watermark));
  JsonText json;
  SpanEnds ends = span_ends(spans_, wanted.span, moment.watermark);
  if (!all.type.empty()) ends.from = util::text(all.window.start);
  begin_view(json, name_, kind(), spans_.minutes(wanted.span), wanted.scope, ends);
  json.key("packets").number(all.window.packets);
  if (all.type.empty()) return json.key("merge").null().key("data").null().close('}').take();
  if (wanted.look.renaming) summary::rename(all.data, wanted.look.renaming);
  summary::cut(all.data, output_limit_);
  append_dimensions(json, all.data);
  std::string data;
  summary::append_data(all.data, wanted.look.sketches ? summary::Form::own : summary::Form::figures, data);
  json.key("merge").raw(summary::merge_json(all.data).dump()).key("data").raw(data);
  return json.close('}').take();
}

}  // namespace rata::aggregate
