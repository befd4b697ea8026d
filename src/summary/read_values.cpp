// The tree of a script's result, by the shape that says how it merges.

#include <fmt/format.h>

#include <map>
#include <unordered_map>
#include <utility>

#include "summary/read_forms.h"
#include "util/hash.h"

namespace rata::summary {
namespace {

/// What `form` says of a tree. Places are numbered from the root, each map before what is in it.
struct ValuesForm {
  std::vector<std::uint64_t> parts, dropped, left_out;
  std::map<std::uint64_t, CountsForm> counts;
  std::map<std::uint64_t, Number> numbers;
};

Number read_exact(Element number, std::uint64_t& place, Path& path) {
  constexpr std::size_t parts = 3;
  const Array list = array_of(number, path, "numbers");
  std::int64_t billions = 0, below_billion = 0;
  if (list.size() != parts || list.at(1).get(billions) != simdjson::SUCCESS ||
      list.at(2).get(below_billion) != simdjson::SUCCESS)
    path.refuse("numbers", "lists of a place, billions and millionths");
  place = count_of(*list.begin(), path, "numbers");
  const auto made = Number::from_sum(billions, below_billion);
  if (!made) path.refuse("numbers", "at most 10^15 billions either way, and less than 10^15 millionths");
  return *made;
}

ValuesForm read_values_form(const Object& form, Path& path) {
  const Path::Step step(path, "form");
  ValuesForm read{.parts = counts_in(form, path, "parts"),
                  .dropped = counts_in(form, path, "dropped"),
                  .left_out = counts_in(form, path, "left_out"),
                  .counts = {},
                  .numbers = {}};
  if (const auto all = find(form, "counts"))
    for (const Element one : array_of(*all, path, "counts")) {
      const Object counts = object_of(one, path, "counts");
      read.counts.insert_or_assign(count_in(counts, path, "at"), read_counts_form(counts, path));
    }
  if (const auto numbers = find(form, "numbers"))
    for (const Element one : array_of(*numbers, path, "numbers")) {
      std::uint64_t place = 0;
      const Number number = read_exact(one, place, path);
      read.numbers.insert_or_assign(place, number);
    }
  return read;
}

/// Which shape each key of a map has.
class Shapes {
 public:
  Shapes(Element shape, Path& path) : all_(shape) {
    if (!shape.is_object()) return;
    by_key_.emplace();
    for (const auto field : object_of(shape, path, "")) by_key_->try_emplace(field.key, field.value);
  }

  Element of(std::string_view key, Path& path) const {
    if (!by_key_) return all_;
    auto found = by_key_->find(key);
    if (found == by_key_->end()) found = by_key_->find("*");
    if (found == by_key_->end()) path.refuse("nothing, since merge does not name it");
    return found->second;
  }

 private:
  Element all_;
  std::optional<std::unordered_map<std::string_view, Element, util::KeyedHash>> by_key_;
};

class Tree {
 public:
  Tree(ValuesForm form, TopsForm tops, Path& path) : form_(std::move(form)), tops_(std::move(tops)), path_(path) {}

  Value read(Element data, Element shape) {
    const std::size_t place = places_++;
    Value value;
    value.node = node(data, shape, place);
    if (place < form_.parts.size()) value.parts = form_.parts[place];
    if (place < form_.dropped.size()) value.dropped = form_.dropped[place];
    return value;
  }

 private:
  Value::Node node(Element data, Element shape, std::size_t place) {
    if (shape.is_object()) return map(data, shape);
    const std::string_view word = text_of(shape, path_, "");
    if (word == "sum") return sum(data, shape, place);
    if (word == "max") return Quantity{number(data, place), Rule::max};
    if (word == "min") return Quantity{number(data, place), Rule::min};
    if (word == "greatest") return std::string(text_of(data, path_, ""));
    if (word == "any") return truth(data);
    if (word == "distinct") return read_distinct(data, path_);
    if (word == "quantiles") return read_quantiles(data, path_);
    if (word == "top") return read_top_with_error(data, tops_, path_);
    if (word == "concatenate") return items(data);
    path_.refuse("merge to be sum, max, min, greatest, any, distinct, quantiles, top or concatenate");
  }

  Value::Node sum(Element data, Element shape, std::size_t place) {
    if (const auto counts = form_.counts.find(place); counts != form_.counts.end())
      return read_counts(data, std::move(counts->second), path_);
    if (data.is_object()) return map(data, shape);
    return Quantity{number(data, place), Rule::sum};
  }

  Map map(Element data, Element shape) {
    const Shapes shapes(shape, path_);
    Map made;
    for (const auto field : object_of(data, path_, "")) {
      const Path::Step step(path_, field.key);
      const std::size_t before = made.size();
      made.emplace_hint(made.end(), std::string(field.key), read(field.value, shapes.of(field.key, path_)));
      if (made.size() == before) path_.refuse("each key once");
    }
    return made;
  }

  Number number(Element data, std::size_t place) {
    if (const auto exact = form_.numbers.find(place); exact != form_.numbers.end()) return exact->second;
    std::int64_t whole = 0;
    double number = 0;
    std::optional<Number> made;
    if (data.get(whole) == simdjson::SUCCESS)
      made = Number::from_parts(whole, 0);
    else if (data.get(number) == simdjson::SUCCESS)
      made = Number::from(number);
    if (!made) path_.refuse("a number from -9e15 to 9e15");
    return *made;
  }

  bool truth(Element data) {
    bool value = false;
    if (data.get(value) != simdjson::SUCCESS) path_.refuse("true or false");
    return value;
  }

  Items items(Element data) {
    Items made{.records = read_list(data, path_)};
    if (lists_ < form_.left_out.size()) made.left_out = form_.left_out[lists_];
    ++lists_;
    return made;
  }

  ValuesForm form_;
  TopsForm tops_;
  Path& path_;
  std::size_t places_ = 0, lists_ = 0;
};

}  // namespace

Values read_values(Element data, Element shape, std::optional<Object> form, Path& path) {
  if (!form) return {.root = Tree({}, {}, path).read(data, shape)};
  return {.root = Tree(read_values_form(*form, path), TopsForm(*form, path), path).read(data, shape)};
}

}  // namespace rata::summary
