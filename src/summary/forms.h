#pragma once

#include <nlohmann/json.hpp>

#include <compare>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "summary/keys.h"
#include "summary/sketches.h"
#include "util/time.h"

// The forms that the data of a reducer in C++ may have, and their parts. Each says how two of it merge.

namespace rata::summary {

/// How many per second. Merge: for the same span the counts add; over consecutive windows so do counts and seconds.
/// A rate is never averaged: `count / seconds` is taken when it is shown.
struct Rate {
  std::string name;  ///< the member of `data`: "qps", "aps"
  std::uint64_t count = 0;
  double seconds = 0;  ///< the time that `count` was counted over; 0 gives the rate 0

  double per_second() const { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// Rates by one clock: one member of `data` each. Merge: each as it says.
struct Rates {
  std::vector<Rate> members;

  Rates() = default;
  Rates(Rate rate) : members{std::move(rate)} {}
  explicit Rates(std::vector<Rate> rates) : members(std::move(rates)) {}

  /// nullptr when there is none of that name.
  const Rate* find(std::string_view name) const {
    for (const Rate& rate : members)
      if (rate.name == name) return &rate;
    return nullptr;
  }
};

/// One counter: a key for each dimension of `Counts::by`.
struct CountRow {
  Keys keys;
  std::uint64_t count = 0;

  friend bool operator==(const CountRow&, const CountRow&) = default;
};

/// What a limit cut off below `prefix` (empty: whole first keys were cut).
struct RestRow {
  Keys prefix;
  std::uint64_t keys = 0;   ///< keys left out; merged it is an upper bound
  std::uint64_t count = 0;  ///< the sum of their counts; merged it stays exact
  std::uint64_t most = 0;   ///< what one of them may have at most, and so what a key of another part may lack

  friend bool operator==(const RestRow&, const RestRow&) = default;
};

/// Counters by one or more dimensions. Merge: equal keys add, and so do rests and errors. A key has at least the count
/// of its row, and at most that and `error` and what `most` says of each rest whose prefix its key has.
/// Rows: ascending by keys, each key once; those that are always there may count 0, and a rest of nothing stands for a
/// map that is always there. The sum of all `rows` and `rest` counts is the number of messages counted.
struct Counts {
  std::vector<std::string> by;  ///< dimension names: "qname", "qtype", "client", ...
  std::vector<CountRow> rows;
  std::vector<RestRow> rest;
  std::uint64_t error = 0;  ///< not 0 when the counters' bound was reached: what a key may lack
};

/// The largest keys with their counts, largest first, equal counts by name. Merge: counts add, and what a list without
/// some key may have of it is kept in mind; the cut to `limit` comes when it is shown, so that any order of merging
/// gives one answer.
struct Top {
  struct Entry {
    std::string name;
    std::uint64_t count = 0;  ///< at least so many
    std::uint64_t extra = 0;  ///< and at most so many more

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  std::uint64_t limit = 0;     ///< entries shown; those whose count equals the last one's are shown too
  std::vector<Entry> entries;  ///< ascending by name, each once
  std::uint64_t absent = 0;    ///< what a key may have that is in no entry; 0: there is none
  /// The same, where entries that are not shown were left behind: it says nothing of how exact the counts are.
  std::uint64_t cut = 0;

  /// What is shown: largest first, cut. `exact`: no key that is left out can have more than one that is shown.
  struct Shown {
    std::vector<Entry> entries;
    bool exact = true;
  };
  Shown shown() const;
  /// Only what is shown, and what that says of the others.
  Top as_shown() const;
  /// What any name may have more than is said, or have when it is in no entry.
  std::uint64_t error() const;
};

/// Which summary a record was in at first.
struct Origin {
  util::Time window;  ///< its start
  std::string server, monitor, boot;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const Origin&, const Origin&) = default;
};

/// One listed thing.
struct Record {
  std::uint64_t ordinal = 0;  ///< of its frame in the input; with an origin: its place in the list there
  std::vector<std::string> keys;
  nlohmann::ordered_json value;
  std::string json;  ///< the value as JSON text, where that is not empty
  util::Time time;   ///< of that frame

  /// Filled in when summaries merge: lists go by window, server, monitor and boot, and then as they were. The same for
  /// all of one list.
  std::shared_ptr<const Origin> origin;
};

/// Things listed one by one, in order of arrival. Merge: concatenated, by their origins.
struct Records {
  /// How `data` shows them.
  enum class Shape {
    list,                  ///< [value...]
    lists_by_key,          ///< {key: [value...]}, with as many levels as there are keys
    counted_lists_by_key,  ///< {key: {"cnt": 2, "queries": [value...]}}
    queries_by_client,     ///< [{"ip": key1, "queries": {key2: [value...]}}], by appearance; qtypes decimal
    names_by_client,       ///< {key1: {key2: [value...]}}: the same; qtypes hexadecimal
  };
  Shape shape = Shape::lists_by_key;
  std::vector<Record> records;
  std::uint64_t left_out = 0;  ///< what a limit kept from being listed
};

/// "list", "lists_by_key"...
std::string_view shape_name(Records::Shape shape);

/// Queries without an answer and answers without a query. Merge: both lists are concatenated and the totals add; what
/// then matches (equal `keys`) cancels when it is shown, the oldest first, so that any order of merging gives one
/// answer.
struct Alone {
  std::uint64_t queries = 0, answers = 0;
  std::vector<Record> alone_queries, alone_answers;
  std::uint64_t left_out = 0;  ///< what a limit kept from waiting: its partner looks alone
};

/// One number or sketch of a key.
using Measure = std::variant<std::uint64_t, Distinct, Quantiles, Top>;

/// Several measures by key. Merge: numbers add, sketches and lists by their own laws.
struct Measures {
  Counts counts;                             ///< the keys and their messages, what was cut off, and the error
  std::vector<std::string> names;            ///< "count", "distinct:client"...
  std::vector<std::vector<Measure>> values;  ///< for each row one of each name
};

/// No data at all: null. Merge: nothing to do.
struct Nothing {};

}  // namespace rata::summary
