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

Keys renamed(const Keys& keys, const Renaming& renaming) {
  Keys made;
  for (const std::string_view key : keys) made.push_back(renaming(key));
  return made;
}

/// JSON in the making under new names. Objects keep the places of their members while more comes, so that each value
/// that was read is looked at once, however many become one.
class Growing {
 public:
  void add(const Json& from, const Renaming& renaming) {
    const bool is_new = std::exchange(is_new_, false);
    if (is_new && from.is_structured()) value_ = from.is_object() ? Json::object() : Json::array();
    if (value_.is_object() && from.is_object()) {
      for (const auto& [key, value] : from.get_ref<const Json::object_t&>()) member(renaming(key)).add(value, renaming);
    } else if (value_.is_array() && from.is_array()) {
      for (const Json& item : from) value_.push_back(renamed(item, renaming));
    } else if (is_new) {
      value_ = from.is_string() ? Json(renaming(from.get_ref<const std::string&>())) : from;
    } else if (value_.is_number_unsigned() && from.is_number_unsigned()) {
      value_ = value_.get<std::uint64_t>() + from.get<std::uint64_t>();
    } else if (value_.is_number() && from.is_number()) {
      value_ = value_.get<double>() + from.get<double>();
    }
  }
  Json take() {
    for (auto& [key, inner] : members_) append(value_.get_ref<Json::object_t&>(), key, inner.take());
    return std::move(value_);
  }

  static Json renamed(const Json& json, const Renaming& renaming) {
    Growing made;
    made.add(json, renaming);
    return made.take();
  }

 private:
  Growing& member(const std::string& name) {
    const auto [place, is_new] = places_.try_emplace(name, members_.size());
    if (is_new) members_.emplace_back(name, Growing());
    return members_[place->second].second;
  }

  bool is_new_ = true;
  Json value_;  // of an object: without members
  std::unordered_map<std::string, std::size_t, util::KeyedHash> places_;
  std::vector<std::pair<std::string, Growing>> members_;
};

/// All in one. Neighbours first, so that none is gone through more often than there are doublings.
template <typename Part, typename Merge>
Part folded(std::vector<Part>&& parts, Merge merge) {
  for (std::size_t step = 1; step < parts.size(); step *= 2)
    for (std::size_t at = 0; at + step < parts.size(); at += 2 * step) merge(parts[at], std::move(parts[at + step]));
  return std::move(parts.front());
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
    std::map<Keys, std::vector<Measures>> rows;
    for (std::size_t i = 0; i < measures.counts.rows.size(); ++i) {
      const CountRow& row = measures.counts.rows[i];
      const Keys keys = renamed(row.keys, renaming);
      Measures one{.counts = {.by = measures.counts.by, .rows = {{keys, row.count}}, .rest = {}},
                   .names = measures.names,
                   .values = {std::move(measures.values[i])}};
      for (Measure& value : one.values.front()) std::visit(*this, value);
      rows[keys].push_back(std::move(one));
    }
    measures.counts.rows.clear();
    measures.values.clear();
    (*this)(measures.counts);
    const auto merge_rows = [](Measures& into, Measures&& from) {
      Data both = std::move(into);
      static_cast<void>(merge(both, std::move(from), Relation::side_by_side));
      into = std::move(std::get<Measures>(both));
    };
    for (auto& [keys, parts] : rows) {
      Measures one = folded(std::move(parts), merge_rows);
      measures.counts.rows.push_back(std::move(one.counts.rows.front()));
      measures.values.push_back(std::move(one.values.front()));
    }
  }

  void values_of(std::vector<Record>& records) const {
    for (Record& record : records) {
      if (record.json.empty()) {
        record.value = Growing::renamed(record.value, renaming);
        continue;
      }
      const auto read = json_in(record.json);
      record.json = read ? dumped(Growing::renamed(*read, renaming)) : renaming(record.json);
    }
  }

  void operator()(Records& records) const {
    for (Record& record : records.records)
      for (std::string& key : record.keys) key = renaming(key);
    values_of(records.records);
  }
  void operator()(Items& items) const { values_of(items.records); }

  /// By their keys queries find answers, and nobody sees them: they stay, or others would find each other.
  void operator()(Alone& alone) const {
    values_of(alone.alone_queries);
    values_of(alone.alone_answers);
  }

  void operator()(Map& map) const {
    std::map<std::string, std::vector<Values>> parts;
    for (auto& [key, value] : map) {
      std::visit(*this, value.node);
      parts[renaming(key)].push_back(Values{std::move(value)});
    }
    Map made;
    for (auto& [key, values] : parts)
      made[key] = folded(std::move(values), [](Values& into, Values&& from) { merge(into, std::move(from)); }).root;
    map = std::move(made);
  }

  void operator()(Values& values) const { std::visit(*this, values.root.node); }
};

}  // namespace

void rename(Data& data, const Renaming& renaming) { std::visit(Rename{renaming}, data); }

}  // namespace rata::summary
