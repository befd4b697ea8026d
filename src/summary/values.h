#pragma once

#include <nlohmann/json.hpp>

#include <compare>
#include <concepts>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "summary/forms.h"

namespace rata::summary {

/// A decimal to a millionth, as integers: sums of them are the same in any order, which those of floating-point numbers
/// are not.
class Number {
 public:
  /// What one may be at most, or less than zero. Doubles of that size are whole.
  static constexpr std::int64_t max_whole = 9'000'000'000'000'000;

  Number() = default;
  /// To the nearest millionth, a half away from zero. Nothing: it is no number, infinite, or beyond `max_whole`.
  static std::optional<Number> from(double number);
  /// Puts together what `whole` and `millionths` took apart. Nothing: one of them is out of its range.
  static std::optional<Number> from_parts(std::int64_t whole, std::uint32_t millionths);

  /// A sum as its own parts, and put together again: 10^9 and millionths below that. Nothing: it is larger than any sum
  /// that could be, or there are more millionths.
  std::int64_t billions() const { return billions_; }
  std::int64_t below_billion() const { return rest_; }
  static std::optional<Number> from_sum(std::int64_t billions, std::int64_t below_billion);

  void add(const Number& other);

  /// The largest whole number that is not above it; that of a sum stays inside what 64 bits hold.
  std::int64_t whole() const;
  /// What is to be added to that: 0 to 999999.
  std::uint32_t millionths() const { return static_cast<std::uint32_t>(rest_ % per_whole); }
  double value() const;
  /// An integer where it is whole and 64 bits hold it, else the double next to it.
  nlohmann::ordered_json json() const;

  friend auto operator<=>(const Number&, const Number&) = default;

 private:
  static constexpr std::int64_t per_whole = 1'000'000;
  static constexpr std::int64_t wholes_per_billion = 1'000'000'000;
  static constexpr std::int64_t per_billion = per_whole * wholes_per_billion;

  // In two parts, since a sum that stopped at the end of 64 bits would depend on the order of what it is of. This one
  // takes 10^12 of the largest numbers to get to its end.
  std::int64_t billions_ = 0;
  std::int64_t rest_ = 0;  // millionths, 0 to per_billion - 1
};

/// How numbers merge.
enum class Rule : std::uint8_t { sum, max, min };

struct Quantity {
  Number number;
  Rule rule = Rule::sum;

  friend bool operator==(const Quantity&, const Quantity&) = default;
};

/// A list. Merge: concatenated by origin, as Records; what was left out adds.
struct Items {
  std::vector<Record> records;
  std::uint64_t left_out = 0;  ///< what a limit kept from being listed
};

struct Value;
/// Merge: equal keys merge, others are taken over.
using Map = std::map<std::string, Value>;

/// One place in a tree. Merge: numbers by their rule; of texts the greater by octets stays; a bool is true when one of
/// them is; all else by its own law.
///
/// Parts may have different forms at one place: a number here and a map there, sums and maxima, counts by different
/// dimensions, tops of different limits. Then the greater form stays, by place in `Node` and then by rule, dimensions
/// or limit, and how many values went is counted. So what stays at a place is the merge of all that have the greatest
/// form there, and what was dropped all others, in any order and grouping.
///
/// Not handled: the depth of a tree. Who builds one from what others say bounds it.
struct Value {
  using Node = std::variant<Quantity, std::string, bool, Distinct, Quantiles, Top, Counts, Items, Map>;

  Node node;
  std::uint64_t parts = 1;    ///< how many values of this form were merged here
  std::uint64_t dropped = 0;  ///< and how many of lesser forms went

  Value() = default;
  /// Takes none but the types of `Node` themselves, so that a literal does not become a bool.
  template <typename Held>
    requires(std::same_as<Held, Quantity> || std::same_as<Held, std::string> || std::same_as<Held, bool> ||
             std::same_as<Held, Distinct> || std::same_as<Held, Quantiles> || std::same_as<Held, Top> ||
             std::same_as<Held, Counts> || std::same_as<Held, Items> || std::same_as<Held, Map>)
  Value(Held held) : node(std::move(held)) {}
};

/// What a reducer that somebody wrote as a script found: most of the time a map, but it may be any value. Merge: as
/// Value says; all of them merge.
struct Values {
  Value root = Map{};
};

/// How they merge, place by place. A number: "sum", "max" or "min"; counts: "sum"; text: "greatest"; a bool: "any"; a
/// list: "concatenate"; the others: "distinct", "quantiles", "top". A map: "sum" where all in it is, as in a table of
/// counters; {"*": shape} where all its values have one other shape; else an object with the shape of each key.
nlohmann::ordered_json shape(const Values& values);

/// An empty map at the root: a window of which there is no result. It merges with whatever others found there, without
/// a trace, also where that is a number or a list.
bool is_nothing(const Values& values);

void merge(Values& into, Values&& from);

/// Of all lists and counters in the tree, as of other data (summary.h).
std::uint64_t left_out(const Values& values);
std::uint64_t key_error(const Values& values);
/// All that was dropped at the places that are left: when a map is dropped, so is what was dropped inside.
std::uint64_t conflicts(const Values& values);

}  // namespace rata::summary
