#include "hub/history_answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "hub/refusal.h"
#include "serve/address_mask.h"
#include "summary/rename.h"
#include "summary/summary.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t default_points = 500;
constexpr std::size_t panes_at_once = 200;
constexpr std::size_t most_octets = std::size_t{32} << 20;
// Packet time as others may say it: the years 1970 to 2223.
constexpr util::Time latest = util::from_seconds(8'000'000'000);

std::string dumped(const ordered_json& json) {
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

const std::string* asked(const serve::Question& question, const char* name) {
  const std::string* text = question.target.parameter(name);
  return text == nullptr || text->empty() ? nullptr : text;
}

/// A whole number. Errors: another text.
template <typename Number>
util::Result<std::optional<Number>> number_asked(const serve::Question& question, const char* name, Number most) {
  const std::string* text = asked(question, name);
  if (text == nullptr) return std::optional<Number>();
  Number number = 0;
  const auto [end, fault] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (fault != std::errc() || end != text->data() + text->size() || number == 0 || number > most)
    return util::Error{fmt::format("{}={}: needs a whole number from 1 to {}", name, *text, most)};
  return std::optional<Number>(number);
}

util::Result<util::Time> time_asked(const serve::Question& question, const char* name, util::Time otherwise) {
  const std::string* text = asked(question, name);
  if (text == nullptr) return otherwise;
  if (const auto time = util::parse_time(*text); time && *time >= util::Time{} && *time <= latest) return *time;
  return util::Error{
      fmt::format("{}={}: needs seconds since 1970 or a time such as 2026-11-28T10:00:00Z (UTC)", name, *text)};
}

/// Not before 1970.
util::Time before(util::Time time, std::int64_t seconds) {
  return {std::max<std::int64_t>(0, time.ns - seconds * util::ns_per_second)};
}

util::Result<store::Scope> scope_asked(const serve::Question& question) {
  const std::string* server = asked(question, "server");
  const std::string* group = asked(question, "group");
  if (server != nullptr && group != nullptr) return util::Error{"server and group exclude each other; ask for one"};
  using Kind = store::Scope::Kind;
  if (server != nullptr) return store::Scope{Kind::server, *server};
  if (group != nullptr) return store::Scope{Kind::group, *group};
  return store::Scope{};
}

util::Result<store::Query> query_of(const serve::Question& question) {
  store::Query query;
  const std::string* reducer = asked(question, "reducer");
  if (reducer == nullptr)
    return util::Error{"reducer=NAME is missing; /api/v1/reducers lists those that have a history"};
  query.reducer = *reducer;
  auto scope = scope_asked(question);
  if (!scope) return scope.error();
  query.scope = std::move(*scope);
  const auto to = time_asked(question, "to", util::Clock::system().now());
  if (!to) return to.error();
  const auto from = time_asked(question, "from", before(*to, 3600));
  if (!from) return from.error();
  query.from = *from;
  query.to = *to;
  if (query.to <= query.from) return util::Error{"to has to be later than from"};
  const auto resolution =
      number_asked<std::uint32_t>(question, "resolution", std::numeric_limits<std::uint32_t>::max());
  if (!resolution) return resolution.error();
  query.level = *resolution;
  const auto points = number_asked<std::size_t>(question, "points", store::HistoryReader::most_points);
  if (!points) return points.error();
  query.points = points->value_or(default_points);
  return query;
}

void append_head(ordered_json& json, const store::Query& query) {
  json["reducer"] = query.reducer;
  json["server"] = query.scope.kind == store::Scope::Kind::server ? query.scope.name : "";
  if (query.scope.kind == store::Scope::Kind::group) json["group"] = query.scope.name;
  json["from"] = util::text(query.from);
  json["to"] = util::text(query.to);
}

/// 404 for a name that nobody has ever heard. Nothing: it has been. `reducer`: empty for any.
std::optional<serve::Receipt> unknown_name(store::HistoryReader& history, const Names& known,
                                           const std::string& reducer, const store::Scope& scope) {
  const auto streams = history.streams();
  if (!streams) return refusal(500, streams.error().message);
  if (streams->empty()) return std::nullopt;  // nothing has come at all
  const auto has = [&](std::string store::Stream::* member, const std::string& name) {
    return std::ranges::find(*streams, name, member) != streams->end();
  };
  if (!reducer.empty() && !known.reducers.contains(reducer) && !has(&store::Stream::reducer, reducer))
    return refusal(404,
                   fmt::format("no reducer \"{}\" in the history; /api/v1/reducers lists those that are", reducer));
  if (scope.kind == store::Scope::Kind::server && !known.servers.contains(scope.name) &&
      !has(&store::Stream::server, scope.name))
    return refusal(404,
                   fmt::format("no server \"{}\" in the history; /api/v1/reducers lists those that are", scope.name));
  return std::nullopt;
}

/// What the history itself has cut off a list counts as what a monitor's limit did.
std::string shown(summary::Summary&& record, serve::Visibility addresses) {
  record.loss.left_out = std::max(record.loss.left_out, summary::left_out(record.data));
  record.loss.key_error = std::max(record.loss.key_error, summary::key_error(record.data));
  if (addresses == serve::Visibility::full) return summary::to_json(record);
  summary::rename(record.data, [&](std::string_view text) { return serve::masked_addresses(text, addresses); });
  return summary::to_json(record, summary::Form::figures);  // registers tell whether an address was there
}

/// `head`, and records as its member `name`.
class Answer {
 public:
  Answer(const ordered_json& head, const char* name, serve::Visibility addresses)
      : text_(dumped(head)), addresses_(addresses) {
    text_.pop_back();
    text_ += fmt::format(",\"{}\":[", name);
  }
  /// False: there is no more room.
  bool add(std::vector<summary::Summary>&& records) {
    for (summary::Summary& record : records) {
      if (!std::exchange(is_first_, false)) text_ += ',';
      text_ += shown(std::move(record), addresses_);
      if (text_.size() > most_octets) return false;
    }
    return true;
  }
  serve::Receipt take() { return {.status = 200, .json = std::move(text_) + "]}"}; }

 private:
  std::string text_;
  serve::Visibility addresses_;
  bool is_first_ = true;
};

serve::Receipt too_much() {
  return refusal(413,
                 fmt::format("the answer would have more than {} MiB; ask for a shorter time, a coarser resolution "
                             "or fewer points",
                             most_octets >> 20));
}

/// Panes of one resolution, some at a time: tables are large in memory.
serve::Receipt by_resolution(store::HistoryReader& history, store::Query query, ordered_json head,
                             serve::Visibility addresses) {
  head["resolution"] = *query.level;
  const double panes = util::seconds_between(query.from, query.to) / *query.level;
  if (panes > static_cast<double>(store::HistoryReader::most_points))
    return refusal(400, fmt::format("{:.0f} panes of {} s; at most {} are given at once", panes, *query.level,
                                    store::HistoryReader::most_points));
  Answer answer(head, "panes", addresses);
  const util::Time end = query.to;
  const std::int64_t step = static_cast<std::int64_t>(panes_at_once) * *query.level * util::ns_per_second;
  while (query.from < end) {
    query.to = {std::min(end.ns, (query.from.ns / step + 1) * step)};
    auto found = history.history(query);
    if (!found) return refusal(400, found.error().message);
    if (!answer.add(std::move(found->points))) return too_much();
    query.from = query.to;
  }
  return answer.take();
}

}  // namespace

serve::Receipt history_answer(store::HistoryReader& history, const Names& known, const serve::Question& question) {
  const auto query = query_of(question);
  if (!query) return refusal(400, query.error().message);
  if (auto unknown = unknown_name(history, known, query->reducer, query->scope)) return std::move(*unknown);
  ordered_json head;
  append_head(head, *query);
  if (query->level) return by_resolution(history, *query, std::move(head), question.addresses);
  if (query->points > default_points)
    return refusal(400, fmt::format("more than {} points need a resolution=SECONDS", default_points));
  auto found = history.history(*query);
  if (!found) return refusal(400, found.error().message);
  head["resolution"] = found->level;
  Answer answer(head, "panes", question.addresses);
  return answer.add(std::move(found->points)) ? answer.take() : too_much();
}

serve::Receipt sum_answer(store::HistoryReader& history, const Names& known, const serve::Question& question) {
  const auto query = query_of(question);
  if (!query) return refusal(400, query.error().message);
  if (auto unknown = unknown_name(history, known, query->reducer, query->scope)) return std::move(*unknown);
  auto found = history.merged(*query);
  if (!found) return refusal(400, found.error().message);
  ordered_json head;
  append_head(head, *query);
  Answer answer(head, "sums", question.addresses);
  return answer.add(*std::move(found)) ? answer.take() : too_much();
}

serve::Receipt reducers_answer(store::HistoryReader& history) {
  const auto streams = history.streams();
  if (!streams) return refusal(500, streams.error().message);
  ordered_json list = ordered_json::array();
  for (const store::Stream& stream : *streams)
    list.push_back({{"server", stream.server},
                    {"monitor", stream.monitor},
                    {"reducer", stream.reducer},
                    {"merge", stream.form},
                    {"first", util::text(stream.first)},
                    {"last", util::text(stream.last)},
                    {"finest", stream.finest}});
  return {.status = 200, .json = dumped({{"reducers", list}})};
}

serve::Receipt gaps_answer(store::HistoryReader& history, const Names& known, const serve::Question& question) {
  const std::string* server = asked(question, "server");
  if (server == nullptr) return refusal(400, "server=NAME is missing");
  if (asked(question, "group") != nullptr) return refusal(400, "gaps are those of a server; group is not possible");
  const auto to = time_asked(question, "to", util::Clock::system().now());
  if (!to) return refusal(400, to.error().message);
  const auto from = time_asked(question, "from", before(*to, 86'400));
  if (!from) return refusal(400, from.error().message);
  if (*to <= *from) return refusal(400, "to has to be later than from");
  if (auto unknown = unknown_name(history, known, "", {store::Scope::Kind::server, *server}))
    return std::move(*unknown);
  const auto gaps = history.gaps(*server, *from, *to);
  if (!gaps) return refusal(500, gaps.error().message);
  ordered_json list = ordered_json::array();
  for (const store::Gap& gap : *gaps)
    list.push_back({{"monitor", gap.monitor},
                    {"boot", gap.boot},
                    {"from", util::text(gap.from)},
                    {"to", util::text(gap.to)},
                    {"windows", gap.windows == 0 ? ordered_json() : ordered_json(gap.windows)},
                    {"reducers", gap.reducers}});
  return {.status = 200,
          .json = dumped({{"server", *server}, {"from", util::text(*from)}, {"to", util::text(*to)}, {"gaps", list}})};
}

}  // namespace rata::hub
