#include "hub/history_answer.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "summary/summary.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;

constexpr std::size_t default_points = 500;

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
  if (const auto time = util::parse_time(*text)) return *time;
  return util::Error{
      fmt::format("{}={}: needs seconds since 1970 or a time such as 2026-11-28T10:00:00Z (UTC)", name, *text)};
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
  const auto from = time_asked(question, "from", {to->ns - 3600 * util::ns_per_second});
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

/// `head`, and the records as its member `name`.
std::string with_records(const ordered_json& head, const char* name, const std::vector<summary::Summary>& records) {
  std::string text = dumped(head);
  text.pop_back();
  text += fmt::format(",\"{}\":[", name);
  for (const summary::Summary& record : records) {
    if (&record != records.data()) text += ',';
    text += summary::to_json(record);
  }
  return text + "]}";
}

}  // namespace

serve::Receipt refusal(unsigned status, const std::string& why) {
  return {.status = status, .json = dumped({{"error", why}})};
}

serve::Receipt history_answer(store::HistoryReader& history, const serve::Question& question) {
  const auto query = query_of(question);
  if (!query) return refusal(400, query.error().message);
  const auto found = history.history(*query);
  if (!found) return refusal(400, found.error().message);
  ordered_json head;
  append_head(head, *query);
  head["resolution"] = found->level;
  return {.status = 200, .json = with_records(head, "panes", found->points)};
}

serve::Receipt sum_answer(store::HistoryReader& history, const serve::Question& question) {
  const auto query = query_of(question);
  if (!query) return refusal(400, query.error().message);
  const auto found = history.merged(*query);
  if (!found) return refusal(400, found.error().message);
  ordered_json head;
  append_head(head, *query);
  return {.status = 200, .json = with_records(head, "sums", *found)};
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

serve::Receipt gaps_answer(store::HistoryReader& history, const serve::Question& question) {
  const std::string* server = asked(question, "server");
  if (server == nullptr) return refusal(400, "server=NAME is missing");
  const auto to = time_asked(question, "to", util::Clock::system().now());
  if (!to) return refusal(400, to.error().message);
  const auto from = time_asked(question, "from", {to->ns - 86'400 * util::ns_per_second});
  if (!from) return refusal(400, from.error().message);
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
