// The tree of a script's result as JSON, and the shape that says how it merges.

#include <cstdint>
#include <string_view>
#include <utility>

#include "summary/data_json.h"
#include "summary/values.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;
using Object = Json::object_t;

struct JsonOf {
  Form form = Form::own;

  Json operator()(const Quantity& quantity) const { return quantity.number.json(); }
  Json operator()(const std::string& text) const { return text; }
  Json operator()(bool value) const { return value; }
  Json operator()(const Distinct& distinct) const { return json_of(distinct, form); }
  Json operator()(const Quantiles& quantiles) const { return json_of(quantiles, form); }
  Json operator()(const Top& top) const { return json_with_error(top); }
  Json operator()(const Counts& counts) const { return json_of(counts); }
  Json operator()(const Items& items) const { return plain_list(items.records); }
  Json operator()(const Map& map) const {
    Object object;
    object.reserve(map.size());
    for (const auto& [key, value] : map) append(object, key, std::visit(*this, value.node));
    return object;
  }
};

void append_text(const Value& value, Form form, std::string& text);

void append_map(const Map& map, Form form, std::string& text) {
  text += '{';
  bool is_first = true;
  for (const auto& [key, value] : map) {
    if (!std::exchange(is_first, false)) text += ',';
    text += dumped(key);
    text += ':';
    append_text(value, form, text);
  }
  text += '}';
}

void append_text(const Value& value, Form form, std::string& text) {
  if (const auto* map = std::get_if<Map>(&value.node)) return append_map(*map, form, text);
  if (const auto* items = std::get_if<Items>(&value.node)) return append_list(items->records, text);
  text += dumped(std::visit(JsonOf{form}, value.node));
}

std::string_view name_of(Rule rule) {
  switch (rule) {
    case Rule::sum:
      return "sum";
    case Rule::max:
      return "max";
    case Rule::min:
      return "min";
  }
  return {};
}

/// The shapes of a map's values, written out key by key only once two of them differ.
class Shapes {
 public:
  void add(const Map& map, Map::const_iterator at, Json shape) {
    if (at == map.begin()) {
      first_ = std::move(shape);
      return;
    }
    if (by_key_.empty()) {
      if (shape == first_) return;
      for (auto before = map.begin(); before != at; ++before) append(by_key_, before->first, first_);
    }
    append(by_key_, at->first, std::move(shape));
  }
  Json take() {
    if (!by_key_.empty()) return std::move(by_key_);
    return first_ == "sum" ? std::move(first_) : Json(Object{{"*", std::move(first_)}});
  }

 private:
  Json first_ = "sum";
  Object by_key_;
};

struct ShapeOf {
  Json operator()(const Quantity& quantity) const { return name_of(quantity.rule); }
  Json operator()(const std::string&) const { return "greatest"; }
  Json operator()(bool) const { return "any"; }
  Json operator()(const Distinct&) const { return "distinct"; }
  Json operator()(const Quantiles&) const { return "quantiles"; }
  Json operator()(const Top&) const { return "top"; }
  Json operator()(const Counts&) const { return "sum"; }
  Json operator()(const Items&) const { return "concatenate"; }
  Json operator()(const Map& map) const {
    Shapes shapes;
    for (auto at = map.begin(); at != map.end(); ++at) shapes.add(map, at, std::visit(*this, at->second.node));
    return shapes.take();
  }
};

}  // namespace

nlohmann::ordered_json json_of(const Values& values, Form form) { return std::visit(JsonOf{form}, values.root.node); }

void append_values(const Values& values, Form form, std::string& text) { append_text(values.root, form, text); }

nlohmann::ordered_json shape(const Values& values) { return std::visit(ShapeOf{}, values.root.node); }

}  // namespace rata::summary
