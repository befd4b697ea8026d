#include "summary/values.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "merged.h"
#include "summary/merge.h"
#include "summary/summary.h"

namespace rata::summary {
namespace {

std::string json(const Data& data) { return data_json(data).dump(); }
std::string shape_text(const Value& root) { return merge_json(Values{root}).dump(); }

Quantity number(double value, Rule rule = Rule::sum) { return {Number::from(value).value(), rule}; }
std::string text(const char* octets) { return octets; }

Value merged_pair(Value a, Value b) {
  Values into{std::move(a)};
  merge(into, {std::move(b)});
  return into.root;
}

TEST(Number, Is_the_nearest_decimal_to_a_millionth_and_whole_ones_are_integers) {
  const struct {
    double number;
    const char* json;
  } cases[] = {
      {0, "0"},
      {-0.0, "0"},
      {7, "7"},
      {-7, "-7"},
      {0.1, "0.1"},
      {-0.1, "-0.1"},
      {4.35, "4.35"},
      {1448496000.123456, "1448496000.123456"},
      {-4999999999.999999, "-4999999999.999999"},
      // What is less than a millionth, to the nearest one, a half away from zero.
      {0.0000004, "0"},
      {0.0000005, "1e-06"},
      {-0.0000005, "-1e-06"},
      {0.9999999, "1"},
      {-0.9999999, "-1"},
      {999999999.9999999, "1000000000"},
      {-1e-20, "0"},
      // As large as they may be.
      {4503599627370495.5, "4.5035996273704955e+15"},
      {9e15, "9000000000000000"},
      {-9e15, "-9000000000000000"},
  };
  for (const auto& one : cases) EXPECT_EQ(Number::from(one.number).value().json().dump(), one.json) << one.number;
}

TEST(Number, Is_nothing_that_has_no_sum) {
  for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL, 9000000000000001.0, -9000000000000001.0, 1e300})
    EXPECT_FALSE(Number::from(number)) << number;
}

TEST(Number, Put_together_from_its_parts_is_the_same) {
  for (const double value :
       {0.0, 0.25, -0.25, 1e9, -1e9, 999999999.999999, -999999999.999999, -1e9 - 0.5, 9e15, -9e15}) {
    const Number number = Number::from(value).value();
    EXPECT_EQ(Number::from_parts(number.whole(), number.millionths()), number) << value;
  }
  EXPECT_EQ(Number::from_parts(-1, 500'000), Number::from(-0.5));
  EXPECT_FALSE(Number::from_parts(0, 1'000'000));
  EXPECT_FALSE(Number::from_parts(Number::max_whole, 1));
  EXPECT_FALSE(Number::from_parts(Number::max_whole + 1, 0));
  EXPECT_FALSE(Number::from_parts(std::numeric_limits<std::int64_t>::min(), 0));
}

TEST(Number, Ascends_as_what_it_stands_for) {
  const double ascending[] = {-9e15, -1e9 - 0.5, -1e9, -2, -1.5, -0.000001, 0, 0.000001, 1, 1.5, 1e9, 1e9 + 0.5, 9e15};
  for (std::size_t i = 0; i + 1 < std::size(ascending); ++i)
    EXPECT_LT(Number::from(ascending[i]).value(), Number::from(ascending[i + 1]).value()) << i;
}

TEST(Number, Sums_are_exact_whatever_the_order) {
  Number tenths;
  for (int i = 0; i < 1000; ++i) tenths.add(Number::from(0.1).value());
  EXPECT_EQ(tenths.json().dump(), "100");
  // Far beyond 64 bits and back.
  Number sum;
  for (int i = 0; i < 5000; ++i) sum.add(Number::from(9e15).value());
  EXPECT_EQ(sum.whole(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(sum.json().dump(), "4.5e+19");
  for (int i = 0; i < 5000; ++i) sum.add(Number::from(-9e15).value());
  EXPECT_EQ(sum, Number());
  for (int i = 0; i < 5000; ++i) sum.add(Number::from(-9e15).value());
  EXPECT_EQ(sum.whole(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(sum.json().dump(), "-4.5e+19");
}

Distinct distinct_of(std::uint64_t first, std::uint64_t count) {
  Distinct distinct;
  for (std::uint64_t i = first; i < first + count; ++i) distinct.add(i * std::uint64_t{0x9e3779b97f4a7c15});
  return distinct;
}

Quantiles quantiles_of(std::initializer_list<std::uint64_t> values) {
  Quantiles quantiles;
  for (const std::uint64_t value : values) quantiles.add(value);
  return quantiles;
}

Map one_of_each() {
  return {{"sum", number(1.5)},
          {"largest", number(3, Rule::max)},
          {"smallest", number(-3, Rule::min)},
          {"last", text("b.")},
          {"up", false},
          {"clients", distinct_of(1, 2)},
          {"sizes", quantiles_of({12, 40})},
          {"top", Top{.limit = 1, .entries = {{"a.", 5, 1}, {"b.", 4, 0}}, .absent = 2}},
          {"by_type",
           Counts{.by = {"qtype", "rcode"}, .rows = {{{"A", "NOERROR"}, 5}}, .rest = {{{}, 2, 3, 2}}, .error = 4}},
          {"seen", Items{.records = {{1, {}, "a."}, {2, {}, {}, R"({"id":1})"}}, .left_out = 6}},
          {"empty", Map{}}};
}

TEST(Values, Are_written_by_ascending_key_and_each_in_its_own_form) {
  const std::string expected = R"({"by_type":{"A":{"NOERROR":5},"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":3},"clients":)" +
                               distinct_of(1, 2).json().dump() +
                               R"(,"empty":{},"largest":3,"last":"b.","seen":["a.",{"id":1}],"sizes":)" +
                               quantiles_of({12, 40}).json().dump() +
                               R"(,"smallest":-3,"sum":1.5,"top":{"error":2,"top":[["a.",5]]},"up":false})";
  EXPECT_EQ(json(Values{one_of_each()}), expected);
  std::string written;
  append_data(Values{one_of_each()}, Form::own, written);
  EXPECT_EQ(written, expected);
}

TEST(Values, Need_not_be_a_map) {
  EXPECT_EQ(json(Values{number(2)}), "2");
  EXPECT_EQ(json(Values{text("a\nb")}), R"("a\nb")");
  EXPECT_EQ(json(Values{true}), "true");
  EXPECT_EQ(json(Values{Items{.records = {{1, {}, "a."}}}}), R"(["a."])");
  EXPECT_EQ(json(Values{Distinct{}}), R"({"estimate":0,"sparse":""})");
  EXPECT_EQ(json(Values{}), "{}");
}

TEST(Values, Octets_that_are_not_utf8_are_replaced) {
  std::string written;
  append_data(Values{Map{{"a\xff", text("b\xff")}}}, Form::own, written);
  EXPECT_EQ(written, "{\"a\xef\xbf\xbd\":\"b\xef\xbf\xbd\"}");
}

TEST(Values, Tell_what_was_left_out_and_what_a_key_may_lack_wherever_that_is) {
  const Data data = Values{Map{{"a", one_of_each()}, {"b", Map{{"c", one_of_each()}}}}};
  EXPECT_EQ(left_out(data), 12u);
  EXPECT_EQ(key_error(data), 4u);
  EXPECT_EQ(key_error(Values{Map{{"top", one_of_each()["top"]}}}), 2u);
  EXPECT_EQ(conflicts(data), 0u);
}

TEST(Values, Merge_each_by_its_own_law) {
  const struct {
    const char* what;
    Value a, b;
    const char* json;
  } cases[] = {
      {"sum", number(1.25), number(-3), "-1.75"},
      {"max", number(1.25, Rule::max), number(-3, Rule::max), "1.25"},
      {"min", number(1.25, Rule::min), number(-3, Rule::min), "-3"},
      {"text", text("a\x7f"), text("a\xc3\xa9"), "\"a\xc3\xa9\""},
      {"any", false, true, "true"},
      {"none", false, false, "false"},
      {"quantiles", quantiles_of({12, 12}), quantiles_of({40}),
       R"({"count":3,"p50":12.0,"p90":40.0,"p99":40.0,"max":40,"buckets":[[12,2],[40,1]]})"},
      {"top", Top{.limit = 2, .entries = {{"a.", 3}}, .absent = 1}, Top{.limit = 2, .entries = {{"b.", 2}}},
       R"({"error":1,"top":[["a.",3],["b.",2]]})"},
      {"counts", Counts{.by = {"qtype"}, .rows = {{{"A"}, 1}}},
       Counts{.by = {"qtype"}, .rows = {{{"A"}, 2}, {{"MX"}, 3}}}, R"({"A":3,"MX":3})"},
      {"map", Map{{"a", number(1)}, {"b", Map{{"c", true}}}}, Map{{"b", Map{{"d", false}}}, {"a", number(2)}},
       R"({"a":3,"b":{"c":true,"d":false}})"},
  };
  for (const auto& one : cases) {
    EXPECT_EQ(json(Values{merged_pair(one.a, one.b)}), one.json) << one.what;
    EXPECT_EQ(json(Values{merged_pair(one.b, one.a)}), one.json) << one.what;
  }
  EXPECT_EQ(json(Values{merged_pair(distinct_of(1, 20), distinct_of(11, 20))}), json(Values{distinct_of(1, 30)}));
}

Summary summary_of(const std::string& server, std::int64_t start_s, Value root) {
  Summary summary;
  summary.type = "x";
  summary.server = server;
  summary.window = {.start = {start_s * util::ns_per_second}, .seconds = 1, .packets = 2, .late = 0};
  summary.data = Values{std::move(root)};
  return summary;
}

TEST(Values, Lists_inside_the_tree_go_by_window_then_by_server_then_as_they_came) {
  Random random(11);
  std::vector<Summary> parts;
  for (const int start : {2, 1})
    for (const std::string server : {"ns2", "ns1"}) {
      const std::string name = server + " " + std::to_string(start);
      const Items list{.records = {{9, {}, name + " a"}, {7, {}, name + " b"}}, .left_out = 1};
      parts.push_back(summary_of(server, start, Map{{"seen", Map{{"A", list}, {server, list}}}}));
    }
  for (int round = 0; round < 20; ++round) {
    const Summary all = merged(parts, random);
    EXPECT_EQ(json(all.data),
              R"({"seen":{"A":["ns1 1 a","ns1 1 b","ns2 1 a","ns2 1 b","ns1 2 a","ns1 2 b","ns2 2 a","ns2 2 b"],)"
              R"("ns1":["ns1 1 a","ns1 1 b","ns1 2 a","ns1 2 b"],"ns2":["ns2 1 a","ns2 1 b","ns2 2 a","ns2 2 b"]}})");
    EXPECT_EQ(left_out(all.data), 8u);
  }
}

TEST(Values, Of_different_forms_the_greater_one_stays_and_what_went_is_counted) {
  const Value ascending[] = {number(9),
                             number(9, Rule::max),
                             number(9, Rule::min),
                             text("z"),
                             true,
                             Distinct{},
                             Quantiles{},
                             Top{.limit = 1},
                             Top{.limit = 2},
                             Counts{.by = {"qname"}},
                             Counts{.by = {"qname", "qtype"}},
                             Counts{.by = {"qtype"}},
                             Items{},
                             Map{}};
  for (std::size_t i = 0; i < std::size(ascending); ++i)
    for (std::size_t j = 0; j < std::size(ascending); ++j) {
      Data into = Values{Map{{"a", ascending[i]}}};
      ASSERT_TRUE(merge(into, Data(Values{Map{{"a", ascending[j]}}}), Relation::consecutive));
      EXPECT_EQ(conflicts(into), i == j ? 0u : 1u) << i << " " << j;
      const Value& left = std::get<Map>(std::get<Values>(into).root.node).at("a");
      const Value& greater = ascending[std::max(i, j)];
      EXPECT_EQ(left.node.index(), greater.node.index()) << i << " " << j;
      EXPECT_EQ(shape_text(left), shape_text(greater)) << i << " " << j;
      if (i == j) continue;
      EXPECT_EQ(json(Values{left}), json(Values{greater})) << i << " " << j;
    }
}

TEST(Values, Of_a_window_without_result_leave_no_trace) {
  const Value found[] = {number(5), text("a"), true, Items{.records = {{1, {}, "a"}}}, Map{{"a", number(1)}}};
  for (const Value& value : found) {
    EXPECT_EQ(json(Values{merged_pair(value, Map{})}), json(Values{value}));
    EXPECT_EQ(json(Values{merged_pair(Map{}, value)}), json(Values{value}));
    EXPECT_EQ(conflicts(Values{merged_pair(merged_pair(Map{}, value), Map{})}), 0u);
  }
  // Also beside what a script may give that is a form of its own.
  const Data counts = Counts{.by = {"qtype"}, .rows = {{{"A"}, 2}}};
  for (const bool first : {true, false}) {
    Data into = first ? counts : Data(Values{});
    EXPECT_TRUE(merge(into, first ? Data(Values{}) : Data(counts), Relation::consecutive));
    EXPECT_EQ(json(into), R"({"A":2})");
  }
}

TEST(Values, Count_every_value_that_went_in_any_order) {
  Random random(12);
  std::vector<Data> parts;
  for (int i = 0; i < 5; ++i) parts.emplace_back(Values{Map{{"a", number(1)}}});
  for (int i = 0; i < 3; ++i) parts.emplace_back(Values{Map{{"a", Map{{"b", number(1)}}}}});
  parts.emplace_back(Values{Map{{"a", Map{{"b", true}}}}});
  for (int round = 0; round < 50; ++round) {
    const Data all = merged(parts, random);
    EXPECT_EQ(json(all), R"({"a":{"b":true}})");
    EXPECT_EQ(conflicts(all), 5u + 3u);
  }
}

TEST(Values, The_shape_says_how_each_place_merges) {
  const struct {
    const char* shape;
    Value value;
  } cases[] = {
      {R"("sum")", number(1)},
      {R"("max")", number(1, Rule::max)},
      {R"("min")", number(1, Rule::min)},
      {R"("greatest")", text("a")},
      {R"("any")", true},
      {R"("distinct")", Distinct{}},
      {R"("quantiles")", Quantiles{}},
      {R"("top")", Top{}},
      {R"("sum")", Counts{.by = {"qname"}}},
      {R"("concatenate")", Items{}},
      // Maps of one shape.
      {R"("sum")", Map{}},
      {R"("sum")", Map{{"a", number(1)}, {"b", Map{{"c", number(1)}}}, {"d", Counts{}}, {"e", Map{}}}},
      {R"({"*":"max"})", Map{{"a", number(1, Rule::max)}, {"b", number(1, Rule::max)}}},
      {R"({"*":{"*":"any"}})", Map{{"a", Map{{"x", true}}}, {"b", Map{{"y", true}, {"z", true}}}}},
      {R"({"*":{"names":"distinct","queries":"sum"}})", Map{{"a", Map{{"queries", number(1)}, {"names", Distinct{}}}},
                                                            {"b", Map{{"queries", number(1)}, {"names", Distinct{}}}}}},
      // Maps of several, whichever differs.
      {R"({"a":"max","b":"sum"})", Map{{"a", number(1, Rule::max)}, {"b", number(1)}}},
      {R"({"a":"sum","b":"sum","c":"any"})", Map{{"a", number(1)}, {"b", number(1)}, {"c", true}}},
      {R"({"a":"any","b":"sum","c":"any","d":"any"})", Map{{"a", true}, {"b", number(1)}, {"c", true}, {"d", true}}},
      {R"({"*":"any","a":"sum"})", Map{{"*", true}, {"a", number(1)}}},
  };
  for (const auto& one : cases) EXPECT_EQ(shape_text(one.value), one.shape);
  EXPECT_EQ(merge_json(Counts{}), "sum");
  EXPECT_EQ(merge_json(Nothing{}), "none");
  EXPECT_EQ(merge_rule(Values{}), "values");
}

std::string key(std::uint64_t number) { return "k" + std::to_string(number); }

/// Trees whose forms are drawn anew at each place, or, where they agree, by the place, so that parts have the same
/// ones.
class Trees {
 public:
  Trees(Random& random, bool agree) : random_(random), agree_(agree) {}

  /// `part` tells its lists from those of others. `deeper`: how many maps may still stand in one another.
  Value make(const std::string& part, int deeper, std::uint32_t place = 1) {
    Random forms(agree_ ? place : random_());
    const std::uint64_t form = below(forms, deeper > 0 ? 14 : 8), detail = below(forms, 3);
    if (form > 7) return map(part, deeper, place);
    switch (form) {
      case 0:
        return quantity(static_cast<Rule>(detail));
      case 1:
        return key(below(random_, 5));
      case 2:
        return below(random_, 2) == 0;
      case 3:
        return distinct_of(below(random_, 500), below(random_, 600));
      case 4:
        return quantiles_of({below(random_, 10), below(random_, 1000)});
      case 5:
        return top(1 + detail);
      case 6:
        return counts(detail == 0 ? "qname" : "qtype");
      default:
        return items(part);
    }
  }
  Map map(const std::string& part, int deeper, std::uint32_t place = 1) {
    Map made;
    for (std::uint32_t i = 0; i < 4; ++i)
      if (below(random_, 3) > 0) made.emplace(key(i), make(part, deeper - 1, place * 5 + i));
    return made;
  }

 private:
  Quantity quantity(Rule rule) {
    const double size = std::pow(10.0, static_cast<double>(below(random_, 22)) - 6);
    return number(std::min(9e15, size * 0.37) * (below(random_, 2) == 0 ? 1 : -1), rule);
  }
  Top top(std::uint64_t limit) {
    Top made{.limit = limit, .entries = {}, .absent = below(random_, 3)};
    for (std::uint64_t i = 0; i < 4; ++i)
      if (below(random_, 2) == 0) made.entries.push_back({key(i), 1 + below(random_, 9), 0});
    return made;
  }
  Counts counts(const char* by) {
    Counts made{.by = {by}, .error = below(random_, 2)};
    for (std::uint64_t i = 0; i < 4; ++i)
      if (below(random_, 2) == 0) made.rows.push_back({{key(i)}, below(random_, 9)});
    if (below(random_, 2) == 0) made.rest.push_back({{}, below(random_, 3), below(random_, 9), below(random_, 5)});
    return made;
  }
  Items items(const std::string& part) {
    Items made{.records = {}, .left_out = below(random_, 2)};
    for (int i = 0; i < 3; ++i) made.records.push_back({below(random_, 3), {}, part + std::to_string(i)});
    return made;
  }

  Random& random_;
  bool agree_;
};

std::vector<Summary> random_parts(Random& random, bool agree) {
  Trees trees(random, agree);
  std::vector<Summary> parts;
  const std::uint64_t size = 2 + below(random, 8);
  for (std::uint64_t i = 0; i < size; ++i) {
    const std::string part = std::to_string(i) + "-", server = "ns" + std::to_string(below(random, 2));
    const bool is_map = agree || below(random, 20) > 0;
    parts.push_back(summary_of(server, static_cast<std::int64_t>(below(random, 2)),
                               is_map ? Value(trees.map(part, 3)) : trees.make(part, 1)));
    parts.back().id.boot = "b" + std::to_string(below(random, 2));
  }
  return parts;
}

/// All that leaves the program of it.
std::string outcome(const Summary& summary) {
  std::string written;
  append_data(summary.data, Form::own, written);
  EXPECT_EQ(written, json(summary.data));
  return written + merge_json(summary.data).dump() + " " + std::to_string(conflicts(summary.data)) + " " +
         std::to_string(left_out(summary.data)) + " " + std::to_string(key_error(summary.data));
}

TEST(Values, Any_trees_in_any_order_and_grouping_give_the_same_octets) {
  std::uint64_t dropped = 0;
  for (unsigned seed = 1; seed <= 300; ++seed) {
    Random random(seed);
    const bool agree = seed % 3 == 0;
    const std::vector<Summary> parts = random_parts(random, agree);
    const Summary once = merged(parts, random);
    for (int round = 0; round < 5; ++round) ASSERT_EQ(outcome(merged(parts, random)), outcome(once)) << seed;
    EXPECT_TRUE(!agree || conflicts(once.data) == 0) << seed;
    dropped += conflicts(once.data);
  }
  EXPECT_GT(dropped, 300u);
}

}  // namespace
}  // namespace rata::summary
