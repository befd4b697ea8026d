// Every form of `data` as JSON.

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "summary/data_json.h"
#include "summary/merge.h"
#include "summary/summary.h"
#include "util/address.h"
#include "util/hash.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;
using Object = Json::object_t;

Json json_of(const Rates& rates) {
  Object object;
  for (const Rate& rate : rates.members) append(object, rate.name, rate.per_second());
  return object;
}

Json tree_of(const simdjson::dom::element& read) {
  simdjson::dom::object object;
  simdjson::dom::array array;
  if (read.get(object) == simdjson::SUCCESS) {
    Object made;
    for (const auto [key, value] : object) append(made, key, tree_of(value));
    return made;
  }
  // A number, a text and the like.
  if (read.get(array) != simdjson::SUCCESS) return Json::parse(simdjson::to_string(read), nullptr, false);
  Json made = Json::array();
  for (const auto item : array) made.push_back(tree_of(item));
  return made;
}

/// The part of a Counts below some prefix: rows and rests whose first keys are equal.
struct Below {
  std::span<const CountRow> rows;
  std::span<const RestRow* const> rests;  ///< ascending by prefix, so that one of `depth` keys comes first
  std::size_t depth = 0;
};

std::string_view next_key(const Below& below) {
  const bool rests_only = below.rows.empty();
  if (rests_only) return below.rests.front()->prefix[below.depth];
  const std::string_view row = below.rows.front().keys[below.depth];
  return below.rests.empty() ? row : std::min(row, below.rests.front()->prefix[below.depth]);
}

/// Takes what stands under `key` off the front of `below`.
Below take(Below& below, std::string_view key) {
  const auto row_end =
      std::ranges::find_if(below.rows, [&](const CountRow& row) { return row.keys[below.depth] != key; });
  const auto rest_end =
      std::ranges::find_if(below.rests, [&](const RestRow* rest) { return rest->prefix[below.depth] != key; });
  const auto rows = static_cast<std::size_t>(row_end - below.rows.begin());
  const auto rests = static_cast<std::size_t>(rest_end - below.rests.begin());
  const Below taken{below.rows.first(rows), below.rests.first(rests), below.depth + 1};
  below.rows = below.rows.subspan(rows);
  below.rests = below.rests.subspan(rests);
  return taken;
}

/// `leaf(row)` is what stands at the end of a row's keys.
template <typename Leaf>
Json nest(Below below, const Leaf& leaf) {
  if (!below.rows.empty() && below.rows.front().keys.size() == below.depth) return leaf(below.rows.front());
  RestRow own;
  for (; !below.rests.empty() && below.rests.front()->prefix.size() == below.depth;
       below.rests = below.rests.subspan(1)) {
    own.keys += below.rests.front()->keys;
    own.count += below.rests.front()->count;
  }
  Object object;
  while (!below.rows.empty() || !below.rests.empty()) {
    const std::string_view key = next_key(below);
    append(object, key, nest(take(below, key), leaf));
  }
  if (own.keys > 0 || own.count > 0) {
    append(object, skipped_keys, own.keys);
    append(object, skipped_count, own.count);
  }
  return object;
}

std::vector<const RestRow*> sorted_rests(const Counts& counts) {
  std::vector<const RestRow*> rests;
  rests.reserve(counts.rest.size());
  for (const RestRow& rest : counts.rest) rests.push_back(&rest);
  std::ranges::stable_sort(rests, {}, [](const RestRow* rest) -> const auto& { return rest->prefix; });
  return rests;
}

template <typename Leaf>
Json nested(const Counts& counts, const Leaf& leaf) {
  const std::vector<const RestRow*> rests = sorted_rests(counts);
  return nest({counts.rows, rests, 0}, leaf);
}

/// Walks as `nest` does.
void list_most(Below below, bool numbers, Json& list) {
  RestRow own;
  for (; !below.rests.empty() && below.rests.front()->prefix.size() == below.depth;
       below.rests = below.rests.subspan(1)) {
    own.keys += below.rests.front()->keys;
    own.count += below.rests.front()->count;
    own.most += below.rests.front()->most;
  }
  std::string_view last_number, before_it;
  while (!below.rows.empty() || !below.rests.empty()) {
    const std::string_view key = next_key(below);
    const Below inner = take(below, key);
    const bool is_row = !inner.rows.empty() && inner.rows.front().keys.size() == inner.depth;
    before_it = std::exchange(last_number, is_row && numbers ? key : "");
    if (!is_row) list_most(inner, numbers, list);
  }
  if (own.keys > 0 || own.count > 0)
    list.push_back(own.most);
  else if (before_it == skipped_keys && last_number == skipped_count)
    list.push_back(nullptr);
}

Json value_of(const Record& record) {
  if (record.json.empty()) return record.value;
  auto read = json_in(record.json);
  return read ? std::move(*read) : Json(record.json);
}

Json values(std::span<const Record* const> records) {
  Json list = Json::array();
  for (const Record* record : records) list.push_back(value_of(*record));
  return list;
}

/// Maps nested by the keys, with what `leaf` makes of the records below.
Json by_keys(std::span<const Record* const> records, std::size_t depth, Json (*leaf)(std::span<const Record* const>)) {
  if (!records.empty() && records.front()->keys.size() == depth) return leaf(records);
  Object object;
  while (!records.empty()) {
    const std::string& key = records.front()->keys[depth];
    const auto end = std::ranges::find_if(records, [&](const Record* other) { return other->keys[depth] != key; });
    const auto size = static_cast<std::size_t>(end - records.begin());
    append(object, key, by_keys(records.first(size), depth + 1, leaf));
    records = records.subspan(size);
  }
  return object;
}

Json sorted_by_keys(const std::vector<Record>& records, Json (*leaf)(std::span<const Record* const>)) {
  std::vector<const Record*> sorted;
  sorted.reserve(records.size());
  for (const Record& record : records) sorted.push_back(&record);
  std::ranges::stable_sort(sorted, {}, [](const Record* record) -> const auto& { return record->keys; });
  return by_keys(sorted, 0, leaf);
}

Json counted(std::span<const Record* const> records) {
  Object object;
  append(object, "cnt", records.size());
  append(object, "queries", values(records));
  return object;
}

/// Lists by key, in the order in which the keys first came.
class ByAppearance {
 public:
  Json& list(const std::string& key) {
    const auto [place, is_new] = places_.try_emplace(key, object_.size());
    if (is_new) append(object_, key, Json::array());
    return (object_.begin() + static_cast<std::ptrdiff_t>(place->second))->second;
  }
  Object take() { return std::move(object_); }

 private:
  std::unordered_map<std::string, std::size_t, util::KeyedHash> places_;
  Object object_;
};

Json queries_by_client(const std::vector<Record>& records) {
  std::unordered_map<std::string_view, std::size_t, util::KeyedHash> places;
  std::vector<std::pair<std::string_view, ByAppearance>> clients;
  for (const Record& record : records) {
    const auto [place, is_new] = places.try_emplace(record.keys.at(0), clients.size());
    if (is_new) clients.emplace_back(record.keys.at(0), ByAppearance{});
    clients[place->second].second.list(record.keys.at(1)).push_back(record.value);
  }
  Json list = Json::array();
  for (auto& [client, queries] : clients) {
    Object row;
    append(row, "ip", client);
    append(row, "queries", queries.take());
    list.push_back(std::move(row));
  }
  return list;
}

Json json_of(const Records& records) {
  switch (records.shape) {
    case Records::Shape::list:
      return plain_list(records.records);
    case Records::Shape::lists_by_key:
    case Records::Shape::names_by_client:
      return sorted_by_keys(records.records, values);
    case Records::Shape::counted_lists_by_key:
      return sorted_by_keys(records.records, counted);
    case Records::Shape::queries_by_client:
      return queries_by_client(records.records);
  }
  return {};
}

Json json_of(const Top& top) {
  Json list = Json::array();
  for (const Top::Entry& entry : top.shown().entries) list.push_back(Json::array({entry.name, entry.count}));
  return list;
}

Json json_of(const Alone& alone) {
  const Alone left = settled(alone);
  Object object;
  append(object, "queries", left.queries);
  append(object, "answers", left.answers);
  append(object, "AloneQueries", plain_list(left.alone_queries));
  append(object, "AloneAnswers", plain_list(left.alone_answers));
  return object;
}

Json measure_json(std::uint64_t number, Form) { return number; }
Json measure_json(const Top& top, Form) { return json_with_error(top); }
template <typename Sketch>
Json measure_json(const Sketch& sketch, Form form) {
  return json_of(sketch, form);
}

Json json_of(const Measures& measures, Form form) {
  return nested(measures.counts, [&](const CountRow& row) -> Json {
    const auto& values = measures.values[static_cast<std::size_t>(&row - measures.counts.rows.data())];
    Object object;
    for (std::size_t i = 0; i < values.size(); ++i)
      append(object, measures.names[i],
             std::visit([&](const auto& value) { return measure_json(value, form); }, values[i]));
    return object;
  });
}

Json json_of(const Nothing&) { return nullptr; }

}  // namespace

Json& append(Object& object, std::string_view key, Json value) {
  return object.emplace_back(std::string(key), std::move(value)).second;
}

Json json_of(const Distinct& distinct, Form form) {
  Json json = distinct.json();
  if (form == Form::figures)
    for (const char* registers : {"sparse", "dense"}) json.erase(registers);
  return json;
}

Json json_of(const Quantiles& quantiles, Form form) {
  Json json = quantiles.json();
  if (form == Form::figures) json.erase("buckets");
  return json;
}

std::optional<Json> json_in(const std::string& text) {
  simdjson::dom::parser parser;
  simdjson::dom::element read;
  if (parser.parse(text).get(read) != simdjson::SUCCESS) return std::nullopt;
  return tree_of(read);
}

std::string dumped(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json json_of(const Counts& counts) {
  return nested(counts, [](const CountRow& row) -> Json { return row.count; });
}

Json most_of_rests(const Counts& counts, bool numbers) {
  const auto is_called_so = [](const CountRow& row) { return !row.keys.empty() && row.keys.back() == skipped_count; };
  const bool ambiguous = numbers && std::ranges::any_of(counts.rows, is_called_so);
  if (!ambiguous && std::ranges::none_of(counts.rest, [](const RestRow& rest) { return rest.most > 0; }))
    return nullptr;
  Json list = Json::array();
  const std::vector<const RestRow*> rests = sorted_rests(counts);
  Below all{counts.rows, rests, 0};
  if (all.rows.empty() || !all.rows.front().keys.empty()) list_most(all, numbers, list);
  return list;
}

Json json_with_error(const Top& top) { return {{"error", top.error()}, {"top", json_of(top)}}; }

Json plain_list(const std::vector<Record>& records) {
  Json list = Json::array();
  for (const Record& record : records) list.push_back(value_of(record));
  return list;
}

void append_list(const std::vector<Record>& records, std::string& text) {
  text += '[';
  for (const Record& record : records) {
    if (&record != records.data()) text += ',';
    if (record.json.empty())
      text += dumped(record.value);
    else
      text += Json::accept(record.json) ? record.json : dumped(record.json);
  }
  text += ']';
}

std::uint64_t Top::error() const {
  std::uint64_t error = absent;
  for (const Entry& entry : entries) error = std::max(error, entry.extra);
  return error;
}

Top::Shown Top::shown() const {
  Shown shown{.entries = entries, .exact = true};
  std::ranges::stable_sort(shown.entries, std::ranges::greater(), &Entry::count);  // equal ones stay by name
  std::uint64_t dropped = std::max(absent, cut);
  if (limit < shown.entries.size()) {
    auto end = shown.entries.begin() + static_cast<std::ptrdiff_t>(limit);
    if (limit > 0)
      end =
          std::find_if(end, shown.entries.end(), [last = (end - 1)->count](const Entry& e) { return e.count < last; });
    for (auto entry = end; entry != shown.entries.end(); ++entry)
      dropped = std::max(dropped, entry->count + entry->extra);
    shown.entries.erase(end, shown.entries.end());
  }
  shown.exact = shown.entries.empty() ? dropped == 0 || limit == 0 : shown.entries.back().count >= dropped;
  return shown;
}

Top Top::as_shown() const {
  Top left{.limit = limit, .entries = shown().entries, .absent = absent, .cut = cut};
  std::ranges::sort(left.entries, {}, &Entry::name);
  if (left.entries.size() == entries.size()) return left;
  for (const Entry& entry : entries) {
    if (std::ranges::binary_search(left.entries, entry.name, {}, &Entry::name)) continue;
    left.absent = std::max(left.absent, entry.extra);
    left.cut = std::max(left.cut, entry.count + entry.extra);
  }
  return left;
}

namespace {

Json own_json(const Data& data, Form form) {
  return std::visit(
      [&](const auto& held) {
        if constexpr (requires { json_of(held, form); })
          return json_of(held, form);
        else
          return json_of(held);
      },
      data);
}

/// `list` as `queries_by_client` makes it.
Json with_ipv6_texts(Json list) {
  constexpr std::size_t ipv6_digits = 32;
  for (Json& row : list) {
    const auto& client = row["ip"].get_ref<const std::string&>();
    if (client.size() != ipv6_digits) continue;
    if (const auto address = util::address_from_hex(client)) row["ip"] = util::text(*address);
  }
  return list;
}

Json older_json(const Data& data) {
  if (const auto* rates = std::get_if<Rates>(&data); rates != nullptr && rates->members.size() == 1)
    return rates->members.front().per_second();
  const auto* records = std::get_if<Records>(&data);
  if (records != nullptr && records->shape == Records::Shape::queries_by_client)
    return with_ipv6_texts(json_of(*records));
  return own_json(data, Form::older);
}

}  // namespace

nlohmann::ordered_json data_json(const Data& data, Form form) {
  return form == Form::older ? older_json(data) : own_json(data, form);
}

void append_data(const Data& data, Form form, std::string& text) {
  if (const auto* records = std::get_if<Records>(&data); records != nullptr && records->shape == Records::Shape::list)
    return append_list(records->records, text);
  if (const auto* values = std::get_if<Values>(&data)) return append_values(*values, form, text);
  const auto* alone = std::get_if<Alone>(&data);
  if (alone == nullptr) {
    text += dumped(data_json(data, form));
    return;
  }
  const Alone left = settled(*alone);
  text += fmt::format(R"({{"queries":{},"answers":{},"AloneQueries":)", left.queries, left.answers);
  append_list(left.alone_queries, text);
  text += R"(,"AloneAnswers":)";
  append_list(left.alone_answers, text);
  text += '}';
}

}  // namespace rata::summary
