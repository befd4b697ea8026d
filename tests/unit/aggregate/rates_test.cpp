#include "sample.h"

namespace rata::aggregate {
namespace {

using summary::Rate;

void add(Aggregator& hub, const std::string& server, double start, std::uint64_t queries, std::uint64_t responses,
         double seconds = 1) {
  hub.add(summary_of("QueriesPerSecond", server, start, seconds, Rate{"qps", queries, seconds}));
  hub.add(summary_of("AnswersPerSecond", server, start, seconds, Rate{"aps", responses, seconds}));
}

TEST(Rates, ViewHasTheMembersOfTheInterfaceInTheirOrder) {
  Config config;
  config.spans = {1};
  const auto hub = aggregator({"rates"}, config);
  add(*hub, "ns1", 0, 10, 8);
  add(*hub, "ns1", 2, 15, 9);
  std::string nulls;
  for (int i = 0; i < 57; ++i) nulls += "null,";
  EXPECT_EQ(view_text(*hub, "rates"),
            R"({"processor":"rates","kind":"rates","span_minutes":1,"server":"","from":"1700000043.000000000",)"
            R"("to":"1700000103.000000000","servers":[{"server":"ns1","queries_per_second":12.5,)"
            R"("responses_per_second":8.5}],"total":{"queries_per_second":12.5,"responses_per_second":8.5},)"
            R"("series":{"start":1700000043,"step":1,"servers":[{"server":"ns1","queries":[)" +
                nulls + R"(10,null,15],"responses":[)" + nulls + R"(8,null,9]}]}})");
}

TEST(Rates, ASpanIsItsQueriesByTheSecondsThatWereWatchedNotAMeanOfMeans) {
  const auto hub = aggregator({"rates"});
  add(*hub, "ns1", 0, 10, 0, 1);
  add(*hub, "ns1", 10, 300, 0, 10);
  EXPECT_DOUBLE_EQ(view(*hub, "rates")["total"]["queries_per_second"], 310.0 / 11);
}

TEST(Rates, TheTotalAddsTheServersRates) {
  const auto hub = aggregator({"rates"});
  add(*hub, "ns2", 0, 100, 90, 10);
  add(*hub, "ns1", 0, 10, 9);
  const Json all = view(*hub, "rates");
  EXPECT_EQ(all["total"]["queries_per_second"], 20);
  EXPECT_EQ(all["servers"][0]["server"], "ns1");
  EXPECT_EQ(all["servers"][1]["responses_per_second"], 9);
  const Json one = view(*hub, "rates", 0, "ns2");
  EXPECT_EQ(one["server"], "ns2");
  EXPECT_EQ(one["servers"].size(), 1u);
  EXPECT_EQ(one["total"]["queries_per_second"], 10);
  EXPECT_EQ(one["series"]["servers"].size(), 1u);
}

TEST(Rates, MonitorsThatWatchOneServerSideBySideAdd) {
  const auto hub = aggregator({"rates"});
  for (const char* monitor : {"a", "b"}) {
    auto summary = summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 10, 1});
    summary.monitor = monitor;
    summary.id.boot = "x";
    hub->add(summary);
  }
  EXPECT_EQ(view(*hub, "rates")["total"]["queries_per_second"], 20);
  EXPECT_EQ(view(*hub, "rates")["series"]["servers"][0]["queries"][59], 20);
}

TEST(Rates, AHigherRevisionReplaces) {
  const auto hub = aggregator({"rates"});
  for (const std::uint32_t revision : {0u, 2u, 1u, 2u}) {
    auto summary = summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 10 + revision, 1});
    summary.id = {"x", 7, revision};
    hub->add(summary);
  }
  EXPECT_EQ(view(*hub, "rates")["total"]["queries_per_second"], 12);
  EXPECT_EQ(hub->counters().repeated, 2u);
}

TEST(Rates, TheStepIsTheUsualWindowAndTheGridStaysWhereItIs) {
  Config config;
  config.spans = {1};
  const auto hub = aggregator({"rates"}, config);
  for (int i = 0; i < 4; ++i) add(*hub, "ns1", 10 * i, static_cast<std::uint64_t>(100 * i), 0, 10);
  add(*hub, "ns1", 40, 30, 0, 3);  // the last of a file
  const Json series = view(*hub, "rates")["series"];
  EXPECT_EQ(series["step"], 10);
  EXPECT_EQ(series["start"], day_one - 10);
  EXPECT_EQ(series["servers"][0]["queries"], Json::parse("[null,0,10,20,30,10]"));
}

TEST(Rates, WindowsShorterThanASecondShareAStepAndLongerOnesSpread) {
  Config config;
  config.spans = {1};
  const auto hub = aggregator({"rates"}, config);
  for (int i = 0; i < 4; ++i) add(*hub, "ns1", 0.25 * i, static_cast<std::uint64_t>(i), 0, 0.25);
  add(*hub, "ns1", 1, 30, 0, 3);
  const Json queries = view(*hub, "rates")["series"]["servers"][0]["queries"];
  EXPECT_EQ(queries[56], 6);
  for (int at = 57; at < 60; ++at) EXPECT_EQ(queries[static_cast<std::size_t>(at)], 10);
}

TEST(Rates, AWindowOfNoTimeIsARateOfZero) {
  const auto hub = aggregator({"rates"});
  add(*hub, "ns1", 0, 5, 0, 0);
  EXPECT_EQ(view(*hub, "rates")["total"]["queries_per_second"], 0);
  EXPECT_EQ(view(*hub, "rates")["series"]["servers"][0]["queries"][59], 0);
}

TEST(Rates, LiveEventsCarryWhatChangedAndJoinOnToWhatWasSeen) {
  Config config;
  config.spans = {1};
  const auto hub = aggregator({"rates"}, config);
  std::uint64_t seen = 0;
  /// What is new since the last call.
  const auto live = [&] {
    const std::uint64_t since = seen;
    hub->settle();
    seen = info(*hub, "rates")->revision;
    return Json::parse(hub->newest("rates", 1, {}, since).value_or("null"));
  };
  for (int i = 0; i < 30; ++i) add(*hub, "ns1", i, 1, 1);
  EXPECT_TRUE(live().is_null());  // nobody has seen any
  const std::uint64_t first = seen;
  add(*hub, "ns1", 30, 2, 2);
  const Json next = live();
  EXPECT_EQ(next["series"]["start"], day_one + 30);
  EXPECT_EQ(next["series"]["servers"][0]["queries"], Json::parse("[2]"));
  EXPECT_EQ(next["total"], view(*hub, "rates")["total"]);
  add(*hub, "ns2", 5, 7, 7);  // late
  EXPECT_EQ(live()["series"]["start"], day_one + 5);
  add(*hub, "ns1", 31, 2, 2);
  EXPECT_EQ(live()["series"]["start"], day_one + 31);
  add(*hub, "ns1", 35, 2, 2);  // those between never came
  const Json after_gap = live();
  EXPECT_EQ(after_gap["series"]["start"], day_one + 32);
  EXPECT_EQ(after_gap["series"]["servers"][0]["queries"], Json::parse("[null,null,null,2]"));
  hub->add(summary_of("QueriesPerSecond", "ns2", 10, 0, Rate{"qps", 1, 0}));
  EXPECT_EQ(live()["series"]["start"], day_one + 9) << "a window of no length lies in the second that it ends";
  // Who missed some of them gets what is new in all.
  EXPECT_EQ(Json::parse(*hub->newest("rates", 1, {}, first))["series"]["start"], day_one + 5);
  EXPECT_FALSE(hub->newest("rates", 1, {}, seen + 1));
}

TEST(Rates, TheOlderMeanIsThatOfTheWindowsAndTheTotalTheSumOfMeans) {
  Config config;
  config.spans = {1};
  const auto hub = aggregator({"rates"}, config);
  add(*hub, "cl/ns1", 0, 10, 8, 1);
  add(*hub, "cl/ns1", 1, 40, 20, 2);
  add(*hub, "ns2", 0, 5, 1);
  EXPECT_EQ(older(*hub, "server_data").dump(),
            R"([{"servers_data":[{"answers_per_second":9.0,"queries_per_second":15.0,"server_id":"cl/ns1"},)"
            R"({"answers_per_second":1.0,"queries_per_second":5.0,"server_id":"ns2"}],"time_span":1}])");
  EXPECT_EQ(older_text(*hub, "server_data_v2"),
            R"([{"time_span":1,"servers_data":[)"
            R"({"server_id":"total","queries_per_second":20.0,"answers_per_second":10.0},)"
            R"({"server_id":"ns1","queries_per_second":15.0,"answers_per_second":9.0},)"
            R"({"server_id":"ns2","queries_per_second":5.0,"answers_per_second":1.0}]}])");
}

TEST(Rates, WithoutServersTheOlderTotalIsZero) {
  const auto hub = aggregator({"rates"});
  EXPECT_EQ(older(*hub, "server_data_v2")[0]["servers_data"].dump(),
            R"([{"answers_per_second":0.0,"queries_per_second":0.0,"server_id":"total"}])");
  EXPECT_EQ(older(*hub, "server_data")[0]["servers_data"], Json::array());
}

TEST(Rates, MoreWindowsThanTheLimitLoseTheirOldest) {
  Config config;
  config.cells = 3;
  const auto hub = aggregator({"rates"}, config);
  for (int i = 0; i < 5; ++i) add(*hub, "ns1", i, 60, 0);
  EXPECT_EQ(hub->counters().cut_cells, 2u);
  EXPECT_EQ(view(*hub, "rates")["series"]["servers"][0]["queries"][56], nullptr);
}

}  // namespace
}  // namespace rata::aggregate
