#include "summary/summary.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <iterator>
#include <span>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;
using Object = Json::object_t;

// Appended without the search for an equal key that `operator[]` makes: with sorted keys there is none, and a table
// of n rows would take n * n comparisons.
Json& append(Object& object, std::string_view key, Json value) {
  return object.emplace_back(std::string(key), std::move(value)).second;
}

Json json_of(const Rate& rate) {
  Object object;
  append(object, rate.name, rate.per_second());
  return object;
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
  const std::string& row = below.rows.front().keys[below.depth];
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

Json nest(Below below) {
  if (!below.rows.empty() && below.rows.front().keys.size() == below.depth) return below.rows.front().count;
  RestRow own;
  for (; !below.rests.empty() && below.rests.front()->prefix.size() == below.depth;
       below.rests = below.rests.subspan(1)) {
    own.keys += below.rests.front()->keys;
    own.count += below.rests.front()->count;
  }
  Object object;
  while (!below.rows.empty() || !below.rests.empty()) {
    const std::string_view key = next_key(below);
    append(object, key, nest(take(below, key)));
  }
  if (own.keys > 0 || own.count > 0) {
    append(object, skipped_keys, own.keys);
    append(object, skipped_count, own.count);
  }
  return object;
}

Json json_of(const Counts& counts) {
  std::vector<const RestRow*> rests;
  rests.reserve(counts.rest.size());
  for (const RestRow& rest : counts.rest) rests.push_back(&rest);
  std::ranges::stable_sort(rests, {}, [](const RestRow* rest) -> const auto& { return rest->prefix; });
  return nest({counts.rows, rests, 0});
}

Json lists_by_key(const std::vector<Record>& records) {
  std::vector<const Record*> by_key;
  by_key.reserve(records.size());
  for (const Record& record : records) by_key.push_back(&record);
  std::ranges::stable_sort(by_key, {}, [](const Record* record) -> const auto& { return record->keys.front(); });
  Object object;
  for (const Record* record : by_key) {
    if (object.empty() || object.back().first != record->keys.front())
      append(object, record->keys.front(), Json::array());
    object.back().second.push_back(record->value);
  }
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
  std::unordered_map<std::string, std::size_t> places_;
  Object object_;
};

Json queries_by_client(const std::vector<Record>& records) {
  std::unordered_map<std::string_view, std::size_t> places;
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
  return records.shape == Records::Shape::lists_by_key ? lists_by_key(records.records)
                                                       : queries_by_client(records.records);
}

Json json_of_seconds(double seconds) {
  const bool whole = std::abs(seconds) < 1e15 && std::trunc(seconds) == seconds;
  return whole ? Json(static_cast<std::int64_t>(seconds)) : Json(seconds);
}

Json json_of(const Window& window) {
  return {{"start", util::text(window.start)},
          {"seconds", json_of_seconds(window.seconds)},
          {"packets", window.packets},
          {"late", window.late}};
}

Json json_of(const Id& id) { return {{"boot", id.boot}, {"sequence", id.sequence}, {"revision", id.revision}}; }

Json json_of(const Loss& loss) {
  Json json = {{"kernel", loss.kernel},
               {"queue", loss.queue},
               {"malformed", loss.malformed},
               {"left_out", loss.left_out},
               {"key_error", loss.key_error}};
  // Only what there is: captured packets lack nothing but, now and then, a question.
  for (std::size_t i = 0; i < loss.lacking.size(); ++i)
    if (loss.lacking[i] != 0) json["lacking"][std::string(util::name(static_cast<util::Member>(i)))] = loss.lacking[i];
  return json;
}

}  // namespace

nlohmann::ordered_json data_json(const Data& data) {
  return std::visit([](const auto& held) { return json_of(held); }, data);
}

std::string to_json(const Summary& summary) {
  const Json record = {{"type", summary.type},
                       {"serverId", summary.server},
                       {"data", data_json(summary.data)},
                       {"version", 1},
                       {"monitor", summary.monitor},
                       {"window", json_of(summary.window)},
                       {"id", json_of(summary.id)},
                       {"loss", json_of(summary.loss)}};
  // Text is UTF-8 by contract. Should some not be, the octets are replaced: one bad name must not lose a window.
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace rata::summary
