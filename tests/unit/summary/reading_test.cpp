#include "summary/reading.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "random_data.h"
#include "summary/merge.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned seeds = 100;

Summary read(const std::string& line, util::Time arrival = {}) {
  auto summary = read_json(line, arrival);
  if (summary) return *std::move(summary);
  ADD_FAILURE() << summary.error().message << "\n" << line;
  return {};
}

std::string refusal(const std::string& line) {
  const auto summary = read_json(line);
  return summary ? "it was read" : summary.error().message;
}

TEST(ReadJson, WhatIsReadIsWrittenAsTheSameLine) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    for (std::uint64_t form = 0; form < data_forms; ++form) {
      Random random(seed * 100 + static_cast<unsigned>(form));
      const std::string line = to_json(random_summary(random, form, seed % 3 != 0, seed));
      ASSERT_EQ(to_json(read(line)), line) << "seed " << seed << " form " << form;
    }
  }
}

TEST(ReadJson, WhatIsReadMergesAsWhatWasWritten) {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    for (std::uint64_t form = 0; form < data_forms; ++form) {
      Random random(seed * 100 + static_cast<unsigned>(form));
      const bool is_list = form >= 4 && form <= 8;
      const bool cut = seed % 3 != 0 && (form < 9 || is_list);
      std::vector<Summary> whole, reread;
      for (std::uint64_t window = 0; window < 4; ++window) {
        whole.push_back(random_summary(random, form, cut, window));
        reread.push_back(read(to_json(whole.back())));
      }
      Random order(seed), same_order(seed);
      const std::string expected = to_json(merged(whole, order));
      ASSERT_EQ(to_json(merged(reread, same_order)), expected) << "seed " << seed << " form " << form;
      ASSERT_EQ(to_json(read(expected)), expected) << "merged: seed " << seed << " form " << form;
    }
  }
}

TEST(ReadJson, AKeyThatIsCalledAsACutIsNoCut) {
  const auto keep = [](const Counts& counts) {
    const std::string line = to_json({.type = "x", .data = counts});
    const Summary summary = read(line);
    EXPECT_EQ(to_json(summary), line);
    return std::get<Counts>(summary.data);
  };
  const std::vector<CountRow> rows = {{{skipped_keys}, 1}, {{skipped_count}, 2}};
  const Counts keys = keep({.by = {"a"}, .rows = rows, .rest = {}});
  EXPECT_EQ(keys.rows, rows);
  EXPECT_TRUE(keys.rest.empty());
  const std::vector<RestRow> rest = {{{}, 3, 4, 0}};
  const Counts cut = keep({.by = {"a"}, .rows = {}, .rest = rest});
  EXPECT_TRUE(cut.rows.empty());
  EXPECT_EQ(cut.rest, rest);
  const Counts both = keep({.by = {"a"}, .rows = rows, .rest = rest});
  EXPECT_EQ(both.rows, rows);
  EXPECT_EQ(both.rest, rest);
}

TEST(ReadJson, WhatIsAlwaysThereStaysThereAndKeepsItsDimensions) {
  const Counts empty{.by = {"version", "qtype"}, .rows = {}, .rest = {{.prefix = {"IPv6"}}}};
  const auto counts = std::get<Counts>(read(to_json({.type = "x", .data = empty})).data);
  EXPECT_EQ(counts.by, empty.by);
  EXPECT_EQ(counts.rest, empty.rest);
}

TEST(ReadJson, HowManyValuesWereMergedAtAPlaceIsNotForgotten) {
  Value number = Quantity{*Number::from(1), Rule::sum};
  number.parts = 3;
  Summary summary = read(to_json({.type = "x", .data = Values{Map{{"a", std::string("b")}, {"n", number}}}}));
  ASSERT_TRUE(merge(summary.data, Values{Map{{"n", std::string("greater")}}}, Relation::consecutive));
  EXPECT_EQ(conflicts(summary.data), 3u);
}

TEST(ReadJson, CountsOf64BitsStayExact) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const std::string line =
      to_json({.type = "x", .data = Counts{{"a"}, {{{"b"}, most - 1}}, {{{}, most, 1, most}}, most}});
  EXPECT_EQ(to_json(read(line)), line);
}

/// The greatest counts of names in three windows, each listed with a limit: what is said of each name is true after the
/// lists were written, read and merged.
TEST(ReadJson, BoundsOfCutTopsStayTrue) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    Random random(seed);
    std::map<std::string, std::uint64_t> truth;
    std::vector<Summary> parts;
    for (std::uint64_t window = 0; window < 3; ++window) {
      std::map<std::string, std::uint64_t> counts;
      for (int i = 0; i < 60; ++i) ++counts["k" + std::to_string(std::min(below(random, 15), below(random, 15)))];
      Top top{.limit = 2};
      for (const auto& [name, count] : counts) {
        truth[name] += count;
        const std::uint64_t lacks = below(random, 2);
        top.entries.push_back({name, count - lacks, 1});
      }
      top.absent = 1;
      parts.push_back(read(to_json(
          {.type = "x", .data = top, .window = {.start = util::from_seconds(static_cast<std::int64_t>(window))}})));
    }
    const auto top = std::get<Top>(merged(parts, random).data);
    for (const auto& [name, count] : truth) {
      const auto entry = std::ranges::find(top.entries, name, &Top::Entry::name);
      const bool is_listed = entry != top.entries.end();
      EXPECT_LE(is_listed ? entry->count : 0, count);
      EXPECT_GE(is_listed ? entry->count + entry->extra : std::max(top.absent, top.cut), count) << name;
    }
  }
}

TEST(ReadJson, AQueryMeetsItsResponseAcrossWindows) {
  const auto message = [](const char* source, const char* dest, const char* name) {
    Record record{.ordinal = 0, .keys = {"k"}};
    record.json =
        fmt::format(R"({{"id":"1a","source":"{}","dest":"{}","queries":[{{"qname":"{}"}}]}})", source, dest, name);
    return record;
  };
  Summary query = read(to_json({.type = "x", .data = Alone{1, 0, {message("c", "s", "A.")}, {}, 0}}));
  const std::string answer = to_json({.type = "x", .data = Alone{0, 1, {}, {message("s", "c", "a.")}, 0}});
  const std::string other = to_json({.type = "x", .data = Alone{0, 1, {}, {message("s", "c", "b.")}, 0}});
  ASSERT_TRUE(merge(query, read(other), Relation::consecutive));
  EXPECT_EQ(settled(std::get<Alone>(query.data)).alone_queries.size(), 1u);
  ASSERT_TRUE(merge(query, read(answer), Relation::consecutive));
  EXPECT_TRUE(settled(std::get<Alone>(query.data)).alone_queries.empty());
  EXPECT_EQ(settled(std::get<Alone>(query.data)).alone_answers.size(), 1u);
}

std::string older(const std::string& type, const std::string& data) {
  return R"({"type":")" + type + R"(","serverId":"ns1","data":)" + data + "}";
}

TEST(ReadJson, OfTheOlderChainTakesItsFormFromTheType) {
  const struct {
    const char *type, *data, *read, *kind;
  } cases[] = {
      {"QueriesPerSecond", "8.0", R"({"qps":8.0})", "rates"},
      {"AnswersPerSecond", "7", R"({"aps":7.0})", "rates"},
      {"QueriesPerSecond", R"({"qps":8.0})", R"({"qps":8.0})", "rates"},
      {"QueriesNameCounter", R"({"b.":2,"a.":1})", R"({"a.":1,"b.":2})", "counts"},
      {"QueriesNameCounter", "{}", "{}", "counts"},
      {"TransportVSQtype", R"({"udp":{"1":4},"tcp":{}})", R"({"tcp":{},"udp":{"1":4}})", "counts"},
      {"ClientSubnet", R"({"c6336401":3,"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":5})",
       R"({"c6336401":3,"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":5})", "counts"},
      {"PacketSummary", R"({"c6336401":{"1":["b.","a."]}})", R"({"c6336401":{"1":["b.","a."]}})", "records"},
      {"QueriesSummary", R"([{"ip":"2001:db8::1","queries":{"28":["a."]}}])",
       R"([{"ip":"20010db8000000000000000000000001","queries":{"28":["a."]}}])", "records"},
      {"NullPreR", "null", "null", "nothing"},
  };
  for (const auto& one : cases) {
    const util::Time arrival = util::from_seconds(1448496000);
    const Summary summary = read(older(one.type, one.data), arrival);
    EXPECT_EQ(data_json(summary.data).dump(), one.read) << one.type;
    EXPECT_EQ(Json::parse(to_json(summary))["form"]["kind"], one.kind) << one.type;
    EXPECT_EQ(summary.window.start, arrival);
    EXPECT_EQ(summary.window.seconds, 1);
    EXPECT_EQ(summary.id.sequence, static_cast<std::uint64_t>(arrival.ns));
  }
  const auto names = std::get<Counts>(read(older("QueriesNameCounter", R"({"a.":1})")).data);
  EXPECT_EQ(names.by, std::vector<std::string>{"qname"});
}

TEST(ReadJson, OfTheOlderChainACutMayHoldAllForOneKey) {
  const auto counts = std::get<Counts>(read(older("x", R"({"a":{"b":1,"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":5}})")).data);
  EXPECT_EQ(counts.by.size(), 2u);
  EXPECT_EQ(counts.rest, (std::vector<RestRow>{{{"a"}, 2, 5, 5}}));
}

TEST(ReadJson, OfTheOlderChainWindowsMergeAlsoWithOneThatIsEmpty) {
  Summary counts = read(older("Qtype", "{}"));
  ASSERT_TRUE(merge(counts, read(older("Qtype", R"({"1":2})")), Relation::consecutive));
  ASSERT_TRUE(merge(counts, read(older("Qtype", "{}")), Relation::consecutive));
  ASSERT_TRUE(merge(counts, read(older("Qtype", R"({"1":2})")), Relation::consecutive));
  EXPECT_EQ(data_json(counts.data).dump(), R"({"1":4})");
}

/// Our own records before they had `form`: what is shown stays, and so do the windows.
TEST(ReadJson, WithoutFormReadsWhatMergeTells) {
  for (std::uint64_t form = 0; form < data_forms; ++form) {
    for (unsigned seed = 0; seed < 30; ++seed) {
      Random random(seed);
      Json record = Json::parse(to_json(random_summary(random, form, false, 5)));
      record.erase("form");
      if (record["merge"] == "measures") {
        EXPECT_EQ(refusal(record.dump()),
                  "reading a record: data: expected form beside measures, which do not say their dimensions");
        continue;
      }
      // A rate becomes whole messages; of maps nobody says whether they are counters, and of keys whether they are
      // cuts.
      if (form <= 2 || form >= 13) continue;
      const Summary summary = read(record.dump());
      EXPECT_EQ(data_json(summary.data).dump(), record["data"].dump());
      EXPECT_EQ(Json::parse(to_json(summary))["window"].dump(), record["window"].dump());
    }
  }
}

TEST(ReadJson, WithoutFormARateIsOfWholeMessagesInItsWindow) {
  const char* const record =
      R"({"type":"x","serverId":"","data":{"qps":2.5},"window":{"start":"7.0","seconds":2},"merge":"rate"})";
  const auto rates = std::get<Rates>(read(record).data);
  ASSERT_EQ(rates.members, std::vector<Rate>{(Rate{"qps", 5, 2})});
}

TEST(ReadJson, WithoutFormATopMayHaveAllThatItsLastEntryHas) {
  const auto top = std::get<Top>(read(R"({"type":"x","serverId":"","data":[["b.",5],["a.",3]],"merge":"top"})").data);
  EXPECT_EQ(top.cut, 3u);
  EXPECT_TRUE(top.shown().exact);
}

std::string with(const char* data, const char* form, const char* merge = "\"sum\"") {
  return fmt::format(R"({{"type":"x","serverId":"ns1","data":{},"merge":{},"form":{}}})", data, merge, form);
}

TEST(ReadJson, RefusesWhatIsNoRecordAndSaysWhichMemberIsWrong) {
  const struct {
    std::string line;
    const char* why;
  } cases[] = {
      {"", "it is no JSON object at most 64 levels deep: Empty: no JSON found"},
      {"[]", "it is no JSON object at most 64 levels deep: "},
      {R"({"type":"x","serverId":"ns1"})", "data: expected what a reducer found, and it is not there"},
      {R"({"serverId":"ns1","data":{}})", "type: expected text, and it is not there"},
      {R"({"type":7,"serverId":"ns1","data":{}})", "type: expected text"},
      {R"({"type":"x","serverId":"ns1","data":{},"version":2})", "version: expected 1, the only one that is known"},
      {R"({"type":"x","serverId":"ns1","data":{},"window":{"start":"soon","seconds":1}})",
       "window.start: expected seconds since 1970 with up to nine decimals"},
      {R"({"type":"x","serverId":"ns1","data":{},"window":{"start":"5.0","seconds":-1}})",
       "window.seconds: expected a number that is not below 0"},
      {R"({"type":"x","serverId":"ns1","data":{},"window":{"start":"5.0","seconds":1e10}})",
       "window: expected times between the years 1970 and 2262"},
      {R"({"type":"x","serverId":"ns1","data":{},"id":{"boot":"a","revision":4294967296}})",
       "id.revision: expected a whole number of 32 bits"},
      {older("x", R"({"www.example.":-1})"), "data.www.example.: expected a whole number from 0 to 2^64 - 1"},
      {older("x", R"({"www.example.":{"a":1},"b":1})"), "data.b: expected an object"},
      {older("x", R"({"a":18446744073709551615,"b":1})"), "data: expected counts whose sum 64 bits hold"},
      {older("x", R"(["a"])"), "data.pps: expected a number that is not below 0"},
      {with("{}", R"({"kind":"tree"})"),
       "data: expected form.kind to be rates, counts, records, top, alone, measures, values (with merge) or nothing"},
      {with(R"({"a":{"b":1}})", R"({"kind":"counts","by":["x"]})"),
       "data.a: expected a whole number from 0 to 2^64 - 1"},
      {with(R"({"-:SKIPPED:-":1,"-:SKIPPED_SUM:-":1})", R"({"kind":"counts","by":["x"],"most":["a"]})"),
       "data.most: expected a whole number from 0 to 2^64 - 1"},
      {with(R"({"qps":1})", R"({"kind":"rates","of":[]})"),
       "data.form.of: expected as many entries as there are rates"},
      {with(R"([["a",1],["a",2]])", R"({"kind":"top","tops":{"limit":2}})"), "data: expected each name once"},
      {with(R"({"a":{"distinct:c":{"sparse":"AA"}}})",
            R"({"kind":"measures","by":["x"],"names":["distinct:c"],"messages":[1]})"),
       "data.a.distinct:c: expected three digits for each of at most 512 registers"},
      {with(R"({"a":{}})", R"({"kind":"measures","by":["x"],"names":["octets"],"messages":[1]})"),
       "data.a.octets: expected a measure, and it is not there"},
      {with(R"({"a":{"b":"c"}})", R"({"kind":"values"})", R"({"a":"max"})"),
       "data.a: expected a number from -9e15 to 9e15"},
      {with(R"({"a":1})", R"({"kind":"values"})", R"({"b":"max"})"),
       "data.a: expected nothing, since merge does not name it"},
  };
  for (const auto& one : cases)
    EXPECT_TRUE(refusal(one.line).starts_with(std::string("reading a record: ") + one.why)) << refusal(one.line) << "\n"
                                                                                            << one.line;
}

TEST(ReadJson, RefusesWhatWouldBlowUp) {
  const auto nested = [](int levels) {
    std::string text = "1";
    for (int i = 0; i < levels; ++i) text = "{\"a\":" + text + "}";
    return text;
  };
  EXPECT_TRUE(refusal(older("x", nested(80))).find("at most 64 levels deep") != std::string::npos);
  EXPECT_TRUE(refusal(older("x", nested(40))).find("at most 16 dimensions") != std::string::npos);
  // Each row has all its keys: one long one above many short ones would be copied for each.
  std::string rows = "\"0\":1";
  for (int i = 1; i < 10'000; ++i) rows += fmt::format(",\"{}\":1", i);
  const std::string blown = older("x", "{\"" + std::string(1'000'000, 'k') + "\":{" + rows + "}}");
  EXPECT_TRUE(refusal(blown).find("expected shorter keys, or fewer rows below them") != std::string::npos);
  EXPECT_LT(refusal(blown).size(), 500u);
}

/// A line in which any octet may be another is read or refused; what is read merges.
TEST(ReadJson, ADamagedLineDoesNoHarm) {
  std::size_t was_read = 0;
  for (unsigned seed = 0; seed < 2000; ++seed) {
    Random random(seed);
    std::string line = to_json(random_summary(random, seed % data_forms, true, 1));
    for (std::uint64_t i = 1 + below(random, 3); i > 0; --i)
      line[below(random, line.size())] = R"({}[]",:0123456789-.eE)"[below(random, 21)];
    auto summary = read_json(line);
    if (!summary) continue;
    ++was_read;
    const std::string once = to_json(*summary);
    EXPECT_EQ(to_json(read(once)), once);
    EXPECT_TRUE(merge(*summary, Summary(*summary), Relation::consecutive));
  }
  EXPECT_GT(was_read, 100u);
}

}  // namespace
}  // namespace rata::summary
