#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "merged.h"
#include "summary/summary.h"

namespace rata::summary {

// Data of every form as reducers and scripts make it, drawn by a seed. Those of one seed's form merge with one another.

inline std::string random_name(Random& random, std::uint64_t names = 12) {
  static const char* const odd[] = {"", "-:SKIPPED:-", "-:SKIPPED_SUM:-", "*", "a\"b\\010.", "\xc3\xa4.", "x\ny"};
  const std::uint64_t number = below(random, names);
  if (number < std::size(odd)) return odd[number];
  return fmt::format("www{}.example.", number);
}

/// `cut`: with rests and an error, so that bounds are not 0.
inline Counts random_counts(Random& random, std::vector<std::string> by, bool cut) {
  std::set<std::vector<std::string>> keys;
  for (std::uint64_t i = below(random, 30); i > 0; --i) {
    std::vector<std::string> one;
    for (std::size_t depth = 0; depth < by.size(); ++depth) one.push_back(random_name(random));
    keys.insert(std::move(one));
  }
  Counts counts{.by = std::move(by), .rows = {}, .rest = {}};
  std::set<std::vector<std::string>> prefixes;
  for (const auto& one : keys) {
    counts.rows.push_back({one, below(random, 9)});
    if (cut && below(random, 4) == 0 && !one.empty())
      prefixes.insert({one.begin(), one.begin() + static_cast<std::ptrdiff_t>(below(random, one.size()))});
  }
  if (counts.by.size() > 1 && below(random, 2) == 0) counts.rest.push_back({.prefix = {"always"}});
  for (const auto& prefix : prefixes) counts.rest.push_back({prefix, 1 + below(random, 5), 20 + below(random, 5), 7});
  std::ranges::sort(counts.rest, {}, &RestRow::prefix);
  if (cut) counts.error = below(random, 3);
  return counts;
}

inline Top random_top(Random& random, std::uint64_t limit, bool cut) {
  std::set<std::string> names;
  for (std::uint64_t i = below(random, cut ? 12 : 4); i > 0; --i) names.insert(random_name(random));
  Top top{.limit = cut ? limit : 1000, .absent = cut ? below(random, 3) : 0};
  const bool is_even = below(random, 2) == 0;
  for (const std::string& name : names)
    top.entries.push_back({name, 1 + below(random, 20), !cut ? 0 : is_even ? top.absent : below(random, 4)});
  return top;
}

inline Distinct random_distinct(Random& random) {
  Distinct distinct;
  const std::uint64_t values = below(random, 5) == 0 ? 2000 : below(random, 30);
  for (std::uint64_t i = 0; i < values; ++i)
    distinct.add((std::uint64_t{random()} << 32 | random()) * 0x9e3779b97f4a7c15u);
  return distinct;
}

inline Quantiles random_quantiles(Random& random) {
  Quantiles quantiles;
  for (std::uint64_t i = below(random, 20); i > 0; --i) quantiles.add(below(random, 1 << below(random, 30)));
  return quantiles;
}

inline std::vector<Record> random_list(Random& random, std::size_t keys) {
  std::vector<Record> records;
  for (std::uint64_t i = below(random, 8); i > 0; --i) {
    Record& record = records.emplace_back();
    record.ordinal = records.size();
    for (std::size_t key = 0; key < keys; ++key) record.keys.push_back(random_name(random, 9));
    if (below(random, 3) == 0 && keys < 2)
      record.json = fmt::format(R"({{"qname":"{}.","n":[1,-2.5,1e-06,true,null,{{}}]}})", below(random, 9));
    else
      record.value = random_name(random);
  }
  return records;
}

inline Records random_records(Random& random, Records::Shape shape, bool cut) {
  const std::size_t keys = shape == Records::Shape::list                                                            ? 0
                           : shape == Records::Shape::queries_by_client || shape == Records::Shape::names_by_client ? 2
                                                                                                                    : 1;
  return {shape, random_list(random, keys), cut ? below(random, 3) : 0};
}

/// Of one id only queries or only answers wait, as in one window of a reducer.
inline Alone random_alone(Random& random, bool cut) {
  Alone alone{.queries = 10 + below(random, 9), .answers = 10, .left_out = cut ? below(random, 3) : 0};
  for (std::uint64_t i = below(random, 9); i > 0; --i) {
    const std::uint64_t id = 2 * below(random, 3) + below(random, 2);
    const bool is_query = random() % 2 == 0;
    std::vector<Record>& list = is_query ? alone.alone_queries : alone.alone_answers;
    const std::vector<Record>& others = is_query ? alone.alone_answers : alone.alone_queries;
    Record record{.ordinal = i, .keys = {fmt::format("{}", id)}};
    if (std::ranges::any_of(others, [&](const Record& other) { return other.keys == record.keys; })) continue;
    record.ordinal = 100 - i;
    record.json = fmt::format(
        R"({{"id":"{:x}","source":"{}","dest":"{}","queries":[{{"qname":"{}.","qtype":"1","qclass":"1"}}],"n":{}}})",
        id + 16, is_query ? "c6336401" : "c0000235", is_query ? "c0000235" : "c6336401", is_query ? "wWw" : "www", i);
    list.push_back(std::move(record));
  }
  return alone;
}

inline Measures random_measures(Random& random, bool with_count, bool cut) {
  Measures measures{.counts = random_counts(random, {"qtype", "client"}, cut)};
  measures.names = {"octets", "distinct:client", "quantiles:message_size", "top:qname:3", "top:client:2"};
  if (with_count) measures.names.insert(measures.names.begin() + 1, "count");
  for (const CountRow& row : measures.counts.rows) {
    std::vector<Measure>& values = measures.values.emplace_back();
    values.emplace_back(row.count * 60);
    if (with_count) values.emplace_back(row.count);
    values.emplace_back(random_distinct(random));
    values.emplace_back(random_quantiles(random));
    values.emplace_back(random_top(random, 3, cut));
    values.emplace_back(random_top(random, 2, cut));
  }
  return measures;
}

inline Value random_value(Random& random, int depth, bool cut);

inline Number random_number(Random& random) {
  Number number = Number::from(static_cast<double>(below(random, 2'000'000)) / 1e5 - 5).value();
  if (below(random, 6) == 0)
    for (int i = 0; i < 3000; ++i) number.add(Number::from(9e15).value());
  return number;
}

inline Value random_value(Random& random, int depth, bool cut, std::uint64_t kind) {
  switch (kind) {
    case 0:
      return Quantity{random_number(random), Rule::sum};
    case 1:
      return Quantity{random_number(random), below(random, 2) == 0 ? Rule::max : Rule::min};
    case 2:
      return std::string(random_name(random));
    case 3:
      return below(random, 2) == 0;
    case 4:
      return random_distinct(random);
    case 5:
      return random_quantiles(random);
    case 6:
      return random_top(random, 1 + below(random, 4), cut);
    case 7:
      return random_counts(random, {"qname"}, cut);
    case 8:
      return random_counts(random, {"qtype", "qname"}, cut);
    case 9:
      return Items{random_list(random, 0), cut ? below(random, 3) : 0};
    default:
      break;
  }
  Map map;
  const bool all_alike = below(random, 2) == 0;
  const std::uint64_t alike = below(random, 10);
  for (std::uint64_t i = below(random, 6); i > 0; --i)
    map.insert_or_assign(random_name(random), all_alike ? random_value(random, depth - 1, cut, alike)
                                                        : random_value(random, depth - 1, cut));
  return map;
}

inline Value random_value(Random& random, int depth, bool cut) {
  Value value = random_value(random, depth, cut, below(random, depth > 0 ? 16 : 10));
  if (cut && below(random, 4) == 0) value.parts = 1 + below(random, 3);
  if (cut && below(random, 8) == 0) value.dropped = below(random, 3);
  return value;
}

inline constexpr std::uint64_t data_forms = 16;

/// `cut`: limits and bounds of counters have left something out.
inline Data random_data(Random& random, std::uint64_t form, bool cut) {
  switch (form) {
    case 0:
      return Rates({{"qps", below(random, 1000), 0.1}, {"aps", 3, static_cast<double>(below(random, 3))}});
    case 1:
      return random_counts(random, {"qname"}, cut);
    case 2:
      return random_counts(random, {"qtype", "client", "qname"}, cut);
    case 3:
      return Counts{.by = {}, .rows = {{{}, below(random, 9)}}, .rest = {}};
    case 4:
      return random_records(random, Records::Shape::list, cut);
    case 5:
      return random_records(random, Records::Shape::lists_by_key, cut);
    case 6:
      return random_records(random, Records::Shape::counted_lists_by_key, cut);
    case 7:
      return random_records(random, Records::Shape::queries_by_client, cut);
    case 8:
      return random_records(random, Records::Shape::names_by_client, cut);
    case 9:
      return random_top(random, 3, cut);
    case 10:
      return random_alone(random, cut);
    case 11:
      return random_measures(random, true, cut);
    case 12:
      return random_measures(random, false, cut);
    case 13:
      return Values{random_value(random, 3, cut)};
    case 14:
      return Values{random_value(random, 0, cut)};
    default:
      return Nothing{};
  }
}

inline Summary random_summary(Random& random, std::uint64_t form, bool cut, std::uint64_t sequence) {
  Summary summary{.type = "Any", .server = "ns1", .monitor = "ns1-a", .data = random_data(random, form, cut)};
  summary.window = {{static_cast<std::int64_t>(sequence) * util::ns_per_second + 123}, 1, below(random, 1000), 2};
  summary.window.unfinished = sequence % 3 == 0;
  summary.id = {"k3v9", sequence, 1};
  summary.loss = {.kernel = below(random, 3), .queue = 1, .malformed = 2, .missed = below(random, 2)};
  summary.loss.left_out = left_out(summary.data);
  summary.loss.key_error = key_error(summary.data);
  summary.loss.lacking[below(random, summary.loss.lacking.size())] = below(random, 3);
  return summary;
}

}  // namespace rata::summary
