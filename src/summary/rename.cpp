#include "summary/rename.h"

#include <map>
#include <unordered_map>
#include <utility>
#include <vector>

#include "summary/data_json.h"
#include "summary/merge.h"
#include "util/hash.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;
using Keys = std::vector<std::string>;

Keys renamed(const Keys& keys, const Renaming& renaming) {
  Keys made;
  made.reserve(keys.size());
  for (const std::string& key : keys) made.push_back(renaming(key));
  return made;
}

void add_up(Json& into, Json&& from);

/// An object in the making, each key in it once.
class Members {
 public:
  explicit Members(Json::object_t object = {}) : object_(std::move(object)) {
    for (const auto& [key, value] : object_) places_.try_emplace(key, places_.size());
  }
  void put(const std::string& key, Json&& value) {
    const auto [place, is_new] = places_.try_emplace(key, object_.size());
    if (is_new)
      append(object_, key, std::move(value));
    else
      add_up((object_.begin() + static_cast<std::ptrdiff_t>(place->second))->second, std::move(value));
  }
  Json::object_t take() { return std::move(object_); }

 private:
  std::unordered_map<std::string, std::size_t, util::KeyedHash> places_;
  Json::object_t object_;
};

void add_up(Json& into, Json&& from) {
  if (into.is_number_unsigned() && from.is_number_unsigned()) {
    into = into.get<std::uint64_t>() + from.get<std::uint64_t>();
  } else if (into.is_number() && from.is_number()) {
    into = into.get<double>() + from.get<double>();
  } else if (into.is_array() && from.is_array()) {
    for (Json& item : from) into.push_back(std::move(item));
  } else if (into.is_object() && from.is_object()) {
    Members members(std::move(into.get_ref<Json::object_t&>()));
    for (auto& [key, value] : from.get_ref<Json::object_t&>()) members.put(key, std::move(value));
    into = members.take();
  }
}

Json renamed(const Json& json, const Renaming& renaming) {
  if (json.is_string()) return renaming(json.get_ref<const std::string&>());
  if (!json.is_structured()) return json;
  if (json.is_array()) {
    Json list = Json::array();
    for (const Json& item : json) list.push_back(renamed(item, renaming));
    return list;
  }
  Members members;
  for (const auto& [key, value] : json.get_ref<const Json::object_t&>())
    members.put(renaming(key), renamed(value, renaming));
  return members.take();
}

struct Rename {
  const Renaming& renaming;

  void operator()(Rates&) const {}
  void operator()(Nothing&) const {}
  void operator()(Quantity&) const {}
  void operator()(bool&) const {}
  void operator()(std::uint64_t&) const {}
  void operator()(Distinct&) const {}
  void operator()(Quantiles&) const {}
  void operator()(std::string& text) const { text = renaming(text); }

  void operator()(Counts& counts) const {
    std::map<Keys, std::uint64_t> rows;
    for (const CountRow& row : counts.rows) rows[renamed(row.keys, renaming)] += row.count;
    counts.rows.clear();
    for (const auto& [keys, count] : rows) counts.rows.push_back({keys, count});
    std::map<Keys, RestRow> rests;
    for (const RestRow& rest : counts.rest) {
      RestRow& sum = rests[renamed(rest.prefix, renaming)];
      sum.keys += rest.keys;
      sum.count += rest.count;
      sum.most += rest.most;
    }
    counts.rest.clear();
    for (auto& [prefix, rest] : rests) {
      rest.prefix = prefix;
      counts.rest.push_back(std::move(rest));
    }
  }

  void operator()(Top& top) const {
    std::map<std::string, Top::Entry> entries;
    for (const Top::Entry& entry : top.entries) {
      Top::Entry& sum = entries[renaming(entry.name)];
      sum.count += entry.count;
      sum.extra += entry.extra;
    }
    top.entries.clear();
    for (auto& [name, entry] : entries) {
      entry.name = name;
      top.entries.push_back(std::move(entry));
    }
  }

  /// Row by row: what has one name merges as any two parts do.
  void operator()(Measures& measures) const {
    std::map<Keys, Data> rows;
    for (std::size_t i = 0; i < measures.counts.rows.size(); ++i) {
      const CountRow& row = measures.counts.rows[i];
      const Keys keys = renamed(row.keys, renaming);
      Measures one{.counts = {.by = measures.counts.by, .rows = {{keys, row.count}}, .rest = {}},
                   .names = measures.names,
                   .values = {std::move(measures.values[i])}};
      for (Measure& value : one.values.front()) std::visit(*this, value);
      const auto [known, is_new] = rows.try_emplace(keys, Nothing{});
      if (is_new)
        known->second = std::move(one);
      else
        static_cast<void>(merge(known->second, std::move(one), Relation::side_by_side));
    }
    measures.counts.rows.clear();
    measures.values.clear();
    (*this)(measures.counts);
    for (auto& [keys, data] : rows) {
      auto& one = std::get<Measures>(data);
      measures.counts.rows.push_back(std::move(one.counts.rows.front()));
      measures.values.push_back(std::move(one.values.front()));
    }
  }

  void values_of(std::vector<Record>& records) const {
    for (Record& record : records) {
      if (record.json.empty()) {
        record.value = renamed(record.value, renaming);
        continue;
      }
      const Json read = Json::parse(record.json, nullptr, false);
      record.json = read.is_discarded() ? renaming(record.json) : dumped(renamed(read, renaming));
    }
  }

  void operator()(Records& records) const {
    for (Record& record : records.records) record.keys = renamed(record.keys, renaming);
    values_of(records.records);
  }
  void operator()(Items& items) const { values_of(items.records); }

  /// By their keys queries find answers, and nobody sees them: they stay, or others would find each other.
  void operator()(Alone& alone) const {
    values_of(alone.alone_queries);
    values_of(alone.alone_answers);
  }

  void operator()(Map& map) const {
    Map made;
    for (auto& [key, value] : map) {
      std::visit(*this, value.node);
      const auto [known, is_new] = made.try_emplace(renaming(key));
      if (is_new) {
        known->second = std::move(value);
        continue;
      }
      Values both{std::move(known->second)};
      merge(both, Values{std::move(value)});
      known->second = std::move(both.root);
    }
    map = std::move(made);
  }

  void operator()(Values& values) const { std::visit(*this, values.root.node); }
};

}  // namespace

void rename(Data& data, const Renaming& renaming) { std::visit(Rename{renaming}, data); }

}  // namespace rata::summary
