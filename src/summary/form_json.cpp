// What `data` as JSON does not tell, so that a record can be read back (reading.h).

#include <algorithm>
#include <utility>

#include "summary/data_json.h"
#include "summary/merge.h"
#include "summary/summary.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

bool is_all_zero(const Json& list) {
  return std::ranges::all_of(list, [](const Json& one) { return one == 0; });
}

/// What several tops do not show, each in its place.
class Tops {
 public:
  void add(const Top& whole) {
    const Top top = whole.as_shown();
    limit_.push_back(top.limit);
    absent_.push_back(top.absent);
    cut_.push_back(top.cut);
    const std::uint64_t error = top.error();
    is_absent_plain_ = is_absent_plain_ && top.absent == error;
    Json extras = Json::array();
    // In the order of `data`.
    for (const Top::Entry& entry : top.shown().entries) {
      is_extra_plain_ = is_extra_plain_ && entry.extra == error;
      extras.push_back(entry.extra);
    }
    const bool one_for_all = std::ranges::adjacent_find(extras, std::ranges::not_equal_to()) == extras.end();
    extra_.push_back(!one_for_all ? std::move(extras) : extras.empty() ? Json(0) : extras.front());
  }

  /// Members that `data` tells are left out. Null: there are no tops.
  Json take() {
    if (limit_.empty()) return nullptr;
    const bool one_limit = std::ranges::adjacent_find(limit_, std::ranges::not_equal_to()) == limit_.end();
    Json json = {{"limit", one_limit ? limit_.front() : limit_}};
    if (!is_absent_plain_) json["absent"] = std::move(absent_);
    if (!is_extra_plain_) json["extra"] = std::move(extra_);
    if (!is_all_zero(cut_)) json["cut"] = std::move(cut_);
    return json;
  }

 private:
  Json limit_ = Json::array(), absent_ = Json::array(), cut_ = Json::array(), extra_ = Json::array();
  bool is_absent_plain_ = true, is_extra_plain_ = true;
};

/// by, error and most: the last two where they are not 0. `numbers`: rows end in numbers.
void add_counts(Json& json, const Counts& counts, bool numbers = true) {
  json["by"] = counts.by;
  if (counts.error != 0) json["error"] = counts.error;
  if (Json most = most_of_rests(counts, numbers); !most.is_null()) json["most"] = std::move(most);
}

/// Numbers of places in the order of a tree, without those at the end that are `usual`.
Json without_tail(Json list, std::uint64_t usual) {
  auto& items = list.get_ref<Json::array_t&>();
  while (!items.empty() && items.back() == usual) items.pop_back();
  return list;
}

class Tree {
 public:
  void add(const Value& value) {
    const std::uint64_t place = place_++;
    parts_.push_back(value.parts);
    dropped_.push_back(value.dropped);
    if (const auto* quantity = std::get_if<Quantity>(&value.node)) add(quantity->number, place);
    if (const auto* top = std::get_if<Top>(&value.node)) tops_.add(*top);
    if (const auto* items = std::get_if<Items>(&value.node)) left_out_.push_back(items->left_out);
    if (const auto* counts = std::get_if<Counts>(&value.node)) {
      Json json = {{"at", place}};
      add_counts(json, *counts);
      counts_.push_back(std::move(json));
    }
    if (const auto* map = std::get_if<Map>(&value.node))
      for (const auto& [key, inner] : *map) add(inner);
  }

  Json take() {
    Json json = {{"kind", "values"}};
    const auto add = [&](const char* name, Json list) {
      if (!list.empty()) json[name] = std::move(list);
    };
    add("parts", without_tail(std::move(parts_), 1));
    add("dropped", without_tail(std::move(dropped_), 0));
    add("counts", std::move(counts_));
    if (Json tops = tops_.take(); !tops.is_null()) json["tops"] = std::move(tops);
    add("left_out", without_tail(std::move(left_out_), 0));
    add("numbers", std::move(numbers_));
    return json;
  }

 private:
  /// Sums that a double, or what is read as one number, does not hold.
  void add(const Number& number, std::uint64_t place) {
    const auto read = number.millionths() == 0 ? Number::from_parts(number.whole(), 0) : Number::from(number.value());
    if (read != number) numbers_.push_back({place, number.billions(), number.below_billion()});
  }

  std::uint64_t place_ = 0;
  Json parts_ = Json::array(), dropped_ = Json::array(), counts_ = Json::array(), left_out_ = Json::array(),
       numbers_ = Json::array();
  Tops tops_;
};

struct FormOf {
  Json operator()(const Rates& rates) const {
    Json of = Json::array();
    for (const Rate& rate : rates.members) of.push_back({rate.count, rate.seconds});
    return {{"kind", "rates"}, {"of", std::move(of)}};
  }

  Json operator()(const Counts& counts) const {
    Json json = {{"kind", "counts"}};
    add_counts(json, counts);
    return json;
  }

  Json operator()(const Records& records) const {
    Json json = {{"kind", "records"}, {"shape", shape_name(records.shape)}};
    if (records.left_out != 0) json["left_out"] = records.left_out;
    return json;
  }

  Json operator()(const Top& top) const {
    Tops tops;
    tops.add(top);
    Json json = {{"kind", "top"}, {"tops", tops.take()}};
    if (top.error() != 0) json["error"] = top.error();
    return json;
  }

  Json operator()(const Alone& alone) const {
    Json json = {{"kind", "alone"}};
    if (alone.left_out != 0) json["left_out"] = alone.left_out;
    return json;
  }

  Json operator()(const Measures& measures) const {
    Json json = {{"kind", "measures"}};
    add_counts(json, measures.counts, false);
    json["names"] = measures.names;
    const auto counted = static_cast<std::size_t>(std::ranges::find(measures.names, "count") - measures.names.begin());
    Json messages = Json::array();
    bool is_told = counted < measures.names.size();
    Tops tops;
    for (std::size_t row = 0; row < measures.values.size(); ++row) {
      const std::uint64_t count = measures.counts.rows[row].count;
      messages.push_back(count);
      const auto* told = is_told ? std::get_if<std::uint64_t>(&measures.values[row][counted]) : nullptr;
      is_told = told != nullptr && *told == count;
      for (const Measure& value : measures.values[row])
        if (const auto* top = std::get_if<Top>(&value)) tops.add(*top);
    }
    if (!is_told) json["messages"] = std::move(messages);
    if (Json of_tops = tops.take(); !of_tops.is_null()) json["tops"] = std::move(of_tops);
    return json;
  }

  Json operator()(const Values& values) const {
    Tree tree;
    tree.add(values.root);
    return tree.take();
  }

  Json operator()(const Nothing&) const { return {{"kind", "nothing"}}; }
};

}  // namespace

void append_form(const Data& data, std::string& text) { text += dumped(std::visit(FormOf{}, data)); }

std::string_view shape_name(Records::Shape shape) {
  switch (shape) {
    case Records::Shape::list:
      return "list";
    case Records::Shape::lists_by_key:
      return "lists_by_key";
    case Records::Shape::counted_lists_by_key:
      return "counted_lists_by_key";
    case Records::Shape::queries_by_client:
      return "queries_by_client";
    case Records::Shape::names_by_client:
      return "names_by_client";
  }
  return {};
}

}  // namespace rata::summary
