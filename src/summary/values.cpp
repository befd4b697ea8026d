#include "summary/values.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <type_traits>

#include "summary/laws.h"

namespace rata::summary {

std::optional<Number> Number::from(double number) {
  const double size = std::abs(number);
  if (!(size <= static_cast<double>(max_whole))) return std::nullopt;
  const double whole = std::floor(size);
  const auto wholes = static_cast<std::int64_t>(whole);
  Number made;
  made.rest_ = wholes % wholes_per_billion * per_whole + std::llround((size - whole) * static_cast<double>(per_whole));
  made.billions_ = wholes / wholes_per_billion + made.rest_ / per_billion;
  made.rest_ %= per_billion;
  if (number >= 0) return made;
  made.billions_ = -made.billions_ - (made.rest_ == 0 ? 0 : 1);
  made.rest_ = made.rest_ == 0 ? 0 : per_billion - made.rest_;
  return made;
}

std::optional<Number> Number::from_parts(std::int64_t whole, std::uint32_t millionths) {
  if (whole < -max_whole || whole > max_whole || millionths >= per_whole) return std::nullopt;
  if (whole == max_whole && millionths > 0) return std::nullopt;
  Number made;
  made.billions_ = whole / wholes_per_billion - (whole % wholes_per_billion < 0 ? 1 : 0);
  made.rest_ = (whole - made.billions_ * wholes_per_billion) * per_whole + millionths;
  return made;
}

std::optional<Number> Number::from_sum(std::int64_t billions, std::int64_t below_billion) {
  constexpr std::int64_t most_billions = 1'000'000'000'000'000;  // what is added to it then has room
  if (billions < -most_billions || billions > most_billions) return std::nullopt;
  if (below_billion < 0 || below_billion >= per_billion) return std::nullopt;
  Number made;
  made.billions_ = billions;
  made.rest_ = below_billion;
  return made;
}

void Number::add(const Number& other) {
  billions_ += other.billions_;
  rest_ += other.rest_;
  if (rest_ < per_billion) return;
  rest_ -= per_billion;
  ++billions_;
}

std::int64_t Number::whole() const {
  constexpr auto most = std::numeric_limits<std::int64_t>::max(), least = std::numeric_limits<std::int64_t>::min();
  // One billion short of the end on either side: what may come on top has room.
  if (billions_ >= most / wholes_per_billion) return most;
  if (billions_ <= least / wholes_per_billion) return least;
  return billions_ * wholes_per_billion + rest_ / per_whole;
}

double Number::value() const {
  // While all its millionths are a number that a double holds, the division rounds once: 0.1 comes out as 0.1.
  constexpr std::int64_t exact_billions = 9;
  constexpr auto unit = static_cast<double>(per_whole);
  if (billions_ >= -exact_billions && billions_ < exact_billions)
    return static_cast<double>(billions_ * per_billion + rest_) / unit;
  return static_cast<double>(billions_) * static_cast<double>(wholes_per_billion) + static_cast<double>(rest_) / unit;
}

nlohmann::ordered_json Number::json() const {
  const std::int64_t number = whole();
  const bool beyond =
      number == std::numeric_limits<std::int64_t>::max() || number == std::numeric_limits<std::int64_t>::min();
  if (millionths() == 0 && !beyond) return number;
  return value();
}

namespace {

std::strong_ordering order_of_forms(const Value& a, const Value& b) {
  if (a.node.index() != b.node.index()) return a.node.index() <=> b.node.index();
  if (const auto* quantity = std::get_if<Quantity>(&a.node)) return quantity->rule <=> std::get<Quantity>(b.node).rule;
  if (const auto* top = std::get_if<Top>(&a.node)) return top->limit <=> std::get<Top>(b.node).limit;
  if (const auto* counts = std::get_if<Counts>(&a.node)) return counts->by <=> std::get<Counts>(b.node).by;
  return std::strong_ordering::equal;
}

void merge_place(Value& into, Value&& from);

/// Of two that have one form.
struct Merge {
  void operator()(Quantity& into, Quantity&& from) const {
    switch (into.rule) {
      case Rule::sum:
        return into.number.add(from.number);
      case Rule::max:
        into.number = std::max(into.number, from.number);
        return;
      case Rule::min:
        into.number = std::min(into.number, from.number);
    }
  }
  void operator()(std::string& into, std::string&& from) const {
    if (into < from) into = std::move(from);
  }
  void operator()(bool& into, bool from) const { into = into || from; }
  void operator()(Distinct& into, Distinct&& from) const { into.merge(from); }
  void operator()(Quantiles& into, Quantiles&& from) const { into.merge(from); }
  void operator()(Top& into, Top&& from) const { static_cast<void>(merge_into(into, std::move(from))); }
  void operator()(Counts& into, Counts&& from) const { static_cast<void>(merge_into(into, std::move(from))); }
  void operator()(Items& into, Items&& from) const {
    concatenate(into.records, std::move(from.records));
    into.left_out += from.left_out;
  }
  void operator()(Map& into, Map&& from) const {
    into.merge(from);  // moves the nodes of new keys and leaves those of equal ones
    for (auto& [key, value] : from) merge_place(into.find(key)->second, std::move(value));
  }
};

void merge_place(Value& into, Value&& from) {
  const auto order = order_of_forms(into, from);
  if (order == 0) {
    std::visit(
        [&](auto& held) { Merge{}(held, std::move(std::get<std::remove_reference_t<decltype(held)>>(from.node))); },
        into.node);
    into.parts += from.parts;
    into.dropped += from.dropped;
    return;
  }
  if (order < 0) std::swap(into, from);
  into.dropped += from.dropped + from.parts;
}

/// What `of` says of each place of the tree, put together by `join`.
template <typename Of, typename Join>
std::uint64_t over_tree(const Value& value, const Of& of, const Join& join) {
  std::uint64_t all = of(value);
  if (const auto* map = std::get_if<Map>(&value.node))
    for (const auto& [key, inner] : *map) all = join(all, over_tree(inner, of, join));
  return all;
}

std::uint64_t error_at(const Value& value) {
  if (const auto* counts = std::get_if<Counts>(&value.node)) return counts->error;
  if (const auto* top = std::get_if<Top>(&value.node)) return top->error();
  return 0;
}

std::uint64_t left_out_at(const Value& value) {
  const auto* items = std::get_if<Items>(&value.node);
  return items == nullptr ? 0 : items->left_out;
}

}  // namespace

bool is_nothing(const Values& values) {
  const auto* const map = std::get_if<Map>(&values.root.node);
  return map != nullptr && map->empty();
}

void merge(Values& into, Values&& from) {
  const std::uint64_t dropped = into.root.dropped + from.root.dropped;
  if (is_nothing(into)) std::swap(into, from);
  if (is_nothing(from))
    into.root.dropped = dropped;
  else
    merge_place(into.root, std::move(from.root));
}

std::uint64_t left_out(const Values& values) { return over_tree(values.root, left_out_at, std::plus()); }

std::uint64_t key_error(const Values& values) {
  return over_tree(values.root, error_at, [](std::uint64_t a, std::uint64_t b) { return std::max(a, b); });
}

std::uint64_t conflicts(const Values& values) {
  return over_tree(values.root, [](const Value& value) { return value.dropped; }, std::plus());
}

}  // namespace rata::summary
