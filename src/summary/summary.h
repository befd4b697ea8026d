#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "util/members.h"
#include "util/time.h"

namespace rata::summary {

/// How many per second. Merge: for the same span the counts add; over consecutive windows so do counts and seconds.
/// A rate is never averaged: `count / seconds` is taken when it is shown.
struct Rate {
  std::string name;  ///< the member of `data`: "qps", "aps"
  std::uint64_t count = 0;
  double seconds = 0;  ///< the time that `count` was counted over; 0 gives the rate 0

  double per_second() const { return seconds > 0 ? static_cast<double>(count) / seconds : 0; }
};

/// One counter: a key for each dimension of `Counts::by`.
struct CountRow {
  std::vector<std::string> keys;
  std::uint64_t count = 0;

  friend bool operator==(const CountRow&, const CountRow&) = default;
};

/// What a limit cut off below `prefix` (empty: whole first keys were cut).
struct RestRow {
  std::vector<std::string> prefix;
  std::uint64_t keys = 0;   ///< keys left out; merged it is an upper bound
  std::uint64_t count = 0;  ///< the sum of their counts; merged it stays exact

  friend bool operator==(const RestRow&, const RestRow&) = default;
};

/// Counters by one or more dimensions. Merge: equal keys add.
/// Rows: ascending by keys, each key once. The sum of all `rows` and `rest` counts is the number of messages counted.
struct Counts {
  std::vector<std::string> by;  ///< dimension names: "qname", "qtype", "client", ...
  std::vector<CountRow> rows;
  std::vector<RestRow> rest;
  std::uint64_t error = 0;  ///< not 0 when the counters' bound was reached: what a key may lack
};

/// One listed thing, in input order.
struct Record {
  std::uint64_t ordinal = 0;  ///< of its frame in the input
  std::vector<std::string> keys;
  nlohmann::ordered_json value;
};

/// Things listed one by one. Merge: concatenated by ordinal.
struct Records {
  /// How `data` shows them: {key: [value...]}, or the older [{"ip": key1, "queries": {key2: [value...]}}].
  enum class Shape { lists_by_key, queries_by_client };
  Shape shape = Shape::lists_by_key;
  std::vector<Record> records;
  std::uint64_t left_out = 0;  ///< what a limit kept from being listed
};

using Data = std::variant<Rate, Counts, Records>;

struct Window {
  util::Time start;
  double seconds = 0;         ///< its length; for windows by packet count the time they took
  std::uint64_t packets = 0;  ///< well-formed DNS messages in it
  std::uint64_t late = 0;     ///< packets that came after their own window had closed, noticed during this one
};

/// Names a contribution: of one boot the highest revision replaces, different boots add.
struct Id {
  std::string boot;
  std::uint64_t sequence = 0;  ///< counts the windows of this boot
  std::uint32_t revision = 0;
};

/// What did not reach the reducers during the window.
struct Loss {
  std::uint64_t kernel = 0;
  std::uint64_t queue = 0;
  std::uint64_t malformed = 0;
  std::uint64_t left_out = 0;    ///< entries of a list beyond its limit
  std::uint64_t key_error = 0;   ///< a key may have had this many more than shown, or be missing with as many
  util::MemberCounts lacking{};  ///< messages that the reducer skipped, by the member that they lack
};

/// The result of one reducer over one window: the record that crosses a process border.
struct Summary {
  std::string type;     ///< the reducer's name
  std::string server;   ///< the DNS server that was watched
  std::string monitor;  ///< the process that watched it
  Data data;
  Window window;
  Id id;
  Loss loss;
};

/// `data` as JSON, in the older chain's shape where the reducer is one of its own.
nlohmann::ordered_json data_json(const Data& data);

/// The whole record on one line, without newline (schema/summary.schema.json).
std::string to_json(const Summary& summary);

/// The keys that stand for what a limit cut off, inside the map that it was cut from.
inline constexpr const char* skipped_keys = "-:SKIPPED:-";
inline constexpr const char* skipped_count = "-:SKIPPED_SUM:-";

}  // namespace rata::summary
