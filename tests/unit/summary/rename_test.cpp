#include "summary/rename.h"

#include <gtest/gtest.h>

#include <chrono>

#include "random_data.h"
#include "summary/data_json.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

/// As of addresses those that begin alike.
std::string shortened(std::string_view name) {
  return name.starts_with("192.0.2.") ? "192.0.2.0/24" : std::string(name);
}

std::string json(Data data) {
  rename(data, shortened);
  return data_json(data, Form::figures).dump();
}

Quantiles quantiles_of(std::initializer_list<std::uint64_t> values) {
  Quantiles quantiles;
  for (const std::uint64_t value : values) quantiles.add(value);
  return quantiles;
}

TEST(Rename, EqualKeysOfCountersAreOneRowWithTheirSum) {
  Counts counts{.by = {"client", "qtype"},
                .rows = {{{"192.0.2.1", "A"}, 3}, {{"192.0.2.2", "A"}, 4}, {{"192.0.2.2", "MX"}, 1}, {{"x.", "A"}, 9}},
                .rest = {{{"192.0.2.1"}, 2, 5, 3}, {{"192.0.2.7"}, 1, 1, 1}, {{}, 6, 20, 4}}};
  EXPECT_EQ(json(counts), R"({"192.0.2.0/24":{"A":7,"MX":1,"-:SKIPPED:-":3,"-:SKIPPED_SUM:-":6},"x.":{"A":9},)"
                          R"("-:SKIPPED:-":6,"-:SKIPPED_SUM:-":20})");
}

TEST(Rename, SketchesOfEqualKeysMergeByTheirOwnLaws) {
  const Measures measures{
      .counts = {.by = {"client"}, .rows = {{{"192.0.2.1"}, 2}, {{"192.0.2.2"}, 3}, {{"x."}, 1}}, .rest = {}},
      .names = {"octets", "quantiles:message_size", "top:client:2"},
      .values = {{std::uint64_t{10}, quantiles_of({10, 20}), Top{.limit = 2, .entries = {{"192.0.2.1", 2, 0}}}},
                 {std::uint64_t{20}, quantiles_of({30, 40, 50}), Top{.limit = 2, .entries = {{"192.0.2.2", 3, 1}}}},
                 {std::uint64_t{1}, quantiles_of({1}), Top{.limit = 2, .entries = {{"x.", 1, 0}}}}}};
  const Json found = Json::parse(json(measures));
  EXPECT_EQ(found["192.0.2.0/24"].dump(),
            R"({"octets":30,"quantiles:message_size":{"count":5,"p50":30.0,"p90":50.0,"p99":50.0,"max":50},)"
            R"("top:client:2":{"error":1,"top":[["192.0.2.0/24",5]]}})");
  EXPECT_EQ(found["x."]["octets"], 1);
}

TEST(Rename, ListsOfEqualKeysAreOne) {
  Records records{Records::Shape::counted_lists_by_key, {}};
  for (const char* client : {"192.0.2.2", "x.", "192.0.2.1"})
    records.records.push_back({.keys = {client}, .value = Json{{"ip", client}}});
  records.records.push_back({.keys = {"192.0.2.9"}, .value = {}, .json = R"({"192.0.2.9":1,"192.0.2.8":2,"n":[]})"});
  EXPECT_EQ(json(records), R"({"192.0.2.0/24":{"cnt":3,"queries":[{"ip":"192.0.2.0/24"},{"ip":"192.0.2.0/24"},)"
                           R"({"192.0.2.0/24":3,"n":[]}]},"x.":{"cnt":1,"queries":[{"ip":"x."}]}})");
}

TEST(Rename, WhatAScriptFoundUnderEqualKeysMergesByItsShape) {
  const auto number = [](double value, Rule rule) { return Value(Quantity{*Number::from(value), rule}); };
  Map map;
  map["192.0.2.1"] = Map{{"n", number(1, Rule::sum)}, {"most", number(5, Rule::max)}};
  map["192.0.2.2"] = Map{{"n", number(2, Rule::sum)}, {"most", number(4, Rule::max)}};
  map["who"] = std::string("192.0.2.77");
  EXPECT_EQ(json(Values{map}), R"({"192.0.2.0/24":{"most":5,"n":3},"who":"192.0.2.0/24"})");
}

TEST(Rename, QueriesAndAnswersOfOthersDoNotFindEachOther) {
  Alone alone{.queries = 1, .answers = 1};
  alone.alone_queries.push_back({.keys = {"192.0.2.1"}, .value = "192.0.2.1"});
  alone.alone_answers.push_back({.keys = {"192.0.2.2"}, .value = "192.0.2.2"});
  EXPECT_EQ(json(alone),
            R"({"queries":1,"answers":1,"AloneQueries":["192.0.2.0/24"],"AloneAnswers":["192.0.2.0/24"]})");
}

TEST(Rename, MembersThatBecomeOneAddUpHoweverDeepAndTheFirstStaysWhereTheyCannot) {
  Records records{Records::Shape::list, {}};
  records.records.push_back({.keys = {},
                             .value = {},
                             .json = R"({"a":{"192.0.2.1":{"n":1,"x":[1]},"192.0.2.2":7,)"
                                     R"("192.0.2.3":{"x":["192.0.2.9"],"n":2.5,"m":null}}})"});
  EXPECT_EQ(json(records), R"([{"a":{"192.0.2.0/24":{"n":3.5,"x":[1,"192.0.2.0/24"],"m":null}}}])");
}

/// Each a hundred times what would take minutes, if all that became one were gone through for each that joins it.
TEST(Rename, TakesNotLongerForOneNewNameThanForMany) {
  constexpr std::size_t count = 200'000;
  const auto begun = std::chrono::steady_clock::now();
  Json object = Json::object();
  for (std::size_t i = 0; i < count; ++i)
    append(object.get_ref<Json::object_t&>(), "192.0.2." + std::to_string(i), {{"name" + std::to_string(i), 1}});
  Data records =
      Records{Records::Shape::list,
              {{.keys = {}, .value = object, .json = ""}, {.keys = {}, .value = nullptr, .json = dumped(object)}}};
  rename(records, shortened);
  const Record& made = std::get<Records>(records).records.front();
  ASSERT_EQ(made.value.size(), 1u);
  EXPECT_EQ(made.value["192.0.2.0/24"].size(), count);
  EXPECT_EQ(std::get<Records>(records).records.back().json, dumped(made.value));

  Map map;
  Measures measures{.counts = {.by = {"client"}}, .names = {"top:qname:2"}};
  for (std::size_t i = 0; i < count; ++i) {
    const std::string client = "192.0.2." + std::to_string(100'000'000 + i), name = "name" + std::to_string(i);
    map[client] = Map{{name, std::string("here")}};
    measures.counts.rows.push_back({{client}, 1});
    measures.values.push_back({Top{.limit = 2, .entries = {{name, 1, 0}}}});
  }
  Data values = Values{std::move(map)}, rows = std::move(measures);
  rename(values, shortened);
  rename(rows, shortened);
  EXPECT_EQ(std::get<Map>(std::get<Map>(std::get<Values>(values).root.node).at("192.0.2.0/24").node).size(), count);
  EXPECT_EQ(std::get<Top>(std::get<Measures>(rows).values.front().front()).entries.size(), count);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(30));
}

/// Read and written again, an object with a name twice would lose one.
void expect_no_name_twice(const std::string& text) { EXPECT_EQ(Json::parse(text).dump(), text); }

TEST(Rename, OfAnyDataKeepsJsonWholeAndWithoutNewNamesChangesNothing) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    Random random(seed);
    Summary summary = random_summary(random, seed % data_forms, seed % 2 == 0, seed);
    const std::string before = to_json(summary);
    rename(summary.data, [](std::string_view name) { return std::string(name); });
    EXPECT_EQ(to_json(summary), before);
    rename(summary.data, [](std::string_view name) { return name.empty() || name[0] == 'w' ? "w" : "other"; });
    expect_no_name_twice(to_json(summary));
  }
}

TEST(Figures, AreSketchesWithoutBucketsAndRegisters) {
  Distinct distinct;
  distinct.add(7);
  Values values{Map{{"d", distinct}, {"q", quantiles_of({12})}}};
  EXPECT_EQ(data_json(values, Form::figures).dump(),
            R"({"d":{"estimate":1},"q":{"count":1,"p50":12.0,"p90":12.0,"p99":12.0,"max":12}})");
  std::string text;
  append_data(values, Form::figures, text);
  EXPECT_EQ(text, data_json(values, Form::figures).dump());
  EXPECT_NE(data_json(values).dump().find("buckets"), std::string::npos);
}

}  // namespace
}  // namespace rata::summary
