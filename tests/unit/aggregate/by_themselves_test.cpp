#include "sample.h"
#include "summary/values.h"

namespace rata::aggregate {
namespace {

using summary::Counts;
using summary::Measures;
using summary::Quantiles;
using summary::Quantity;
using summary::Rate;
using summary::Values;

Counts codes(std::uint64_t noerror, std::uint64_t nxdomain) {
  return Counts{{"rcode"}, {{{"NOERROR"}, noerror}, {{"NXDOMAIN"}, nxdomain}}, {}};
}

TEST(ByThemselves, AReducerThatNobodyReadsGetsATable) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("rcodes", "ns1", 0, 1, codes(5, 2)));
  hub->add(summary_of("rcodes", "ns2", 0, 1, codes(1, 2)));
  const Json shown = view(*hub, "rcodes");
  EXPECT_EQ(shown["kind"], "table");
  EXPECT_EQ(shown["key"], "rcode");
  EXPECT_EQ(shown["total"], 10);
  EXPECT_EQ(shown["rows"],
            Json::parse(R"([{"key":"NOERROR","count":6,"share":60},{"key":"NXDOMAIN","count":4,"share":40}])"));
  EXPECT_EQ(view(*hub, "rcodes", 0, "ns2")["total"], 3);
  EXPECT_EQ(hub->counters().ignored, 0u);
}

TEST(ByThemselves, ThreeDimensionsAreAKeyAndAPart) {
  const auto hub = aggregator({});
  hub->add(summary_of("three", "ns1", 0, 1,
                      Counts{{"rcode", "transport", "ip_version"},
                             {{{"NOERROR", "tcp", "4"}, 1}, {{"NOERROR", "udp", "4"}, 5}, {{"NOERROR", "udp", "6"}, 3}},
                             {{{"NOERROR", "tcp"}, 1, 1, 1}, {{"REFUSED"}, 2, 7, 4}}}));
  const Json shown = view(*hub, "three");
  EXPECT_EQ(shown["part"], "transport ip_version");
  EXPECT_EQ(shown["total"], 17);
  EXPECT_EQ(shown["rows"][0]["key"], "NOERROR");
  EXPECT_EQ(shown["rows"][0]["count"], 10);
  EXPECT_EQ(shown["rows"][0]["parts"][0], Json::parse(R"({"key":"udp 4","count":5})"));
  EXPECT_EQ(shown["rows"][1]["count"], 7);
}

TEST(ByThemselves, OneGoesWhenNothingCameOfItForTheLongestSpan) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("rcodes", "ns1", 0, 1, codes(5, 2)));
  hub->settle();
  EXPECT_TRUE(info(*hub, "rcodes"));
  hub->add(summary_of("QueriesPerSecond", "ns1", 1000, 1, Rate{"qps", 1, 1}));
  hub->settle();
  EXPECT_FALSE(info(*hub, "rcodes"));
  EXPECT_TRUE(info(*hub, "rates"));
}

TEST(ByThemselves, WhatOneGaveUpStaysCountedWhenItGoes) {
  Config config;
  config.cells = 3;
  const auto hub = aggregator({"rates"}, config);
  summary::Counts many{{"qname"}, {}, {}};
  for (char name = 'a'; name < 'z'; ++name) many.rows.push_back({{std::string(1, name)}, 1});
  hub->add(summary_of("names", "ns1", 0, 1, many));
  hub->settle();
  const std::uint64_t cut = hub->counters().cut_cells;
  EXPECT_GT(cut, 0u);
  hub->add(summary_of("QueriesPerSecond", "ns1", 1000, 1, Rate{"qps", 1, 1}));
  hub->settle();
  EXPECT_FALSE(info(*hub, "names"));
  EXPECT_EQ(hub->counters().cut_cells, cut);
}

TEST(ByThemselves, AreBounded) {
  Config config;
  config.views = 2;
  const auto hub = aggregator({"rates"}, config);
  for (const char* name : {"one", "two", "three"}) hub->add(summary_of(name, "ns1", 0, 1, codes(1, 1)));
  EXPECT_EQ(hub->views().size(), 3u);
  EXPECT_EQ(hub->counters().ignored, 1u);
}

TEST(ByThemselves, OneWithTheNameOfAProcessorHasALongerOne) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("rates", "ns1", 0, 1, codes(1, 1)));
  EXPECT_EQ(view(*hub, "rates.reducer")["total"], 2);
}

TEST(Merged, SketchesAddUpOverWindowsAndServers) {
  const auto latency = [](std::uint64_t from, std::uint64_t to) {
    Measures measures{.counts = {{"transport"}, {{{"udp"}, to - from}}, {}}, .names = {"quantiles:response_time"}};
    Quantiles quantiles;
    for (std::uint64_t value = from; value < to; ++value) quantiles.add(value);
    measures.values = {{quantiles}};
    return measures;
  };
  const auto hub = aggregator({});
  hub->add(summary_of("latency", "ns1", 0, 1, latency(0, 50)));
  hub->add(summary_of("latency", "ns1", 61, 1, latency(50, 100)));
  hub->add(summary_of("latency", "ns2", 61, 1, latency(100, 200)));
  const Json all = view(*hub, "latency", 1);
  EXPECT_EQ(all["kind"], "merged");
  EXPECT_EQ(all["merge"], "measures");
  EXPECT_EQ(all["data"]["udp"]["quantiles:response_time"]["count"], 200);
  EXPECT_EQ(all["data"]["udp"]["quantiles:response_time"]["max"], 199);
  EXPECT_EQ(view(*hub, "latency", 0)["data"]["udp"]["quantiles:response_time"]["count"], 150);
  EXPECT_EQ(view(*hub, "latency", 1, "ns2")["data"]["udp"]["quantiles:response_time"]["count"], 100);
}

TEST(Merged, SketchesAreFiguresUnlessTheyAreAskedForAndKeysAreRenamedBeforeTheyAreText) {
  Measures measures{.counts = {{"client"}, {{{"192.0.2.1"}, 2}, {{"192.0.2.2"}, 1}}, {}}, .names = {"quantiles:size"}};
  Quantiles two, one;
  for (const std::uint64_t value : {10u, 20u}) two.add(value);
  one.add(30);
  measures.values = {{two}, {one}};
  const auto hub = aggregator({});
  hub->add(summary_of("sizes", "ns1", 0, 1, measures));
  const auto data = [&](const Look& look) {
    return Json::parse(hub->json("sizes", 1, {}, look).value())["data"].dump();
  };
  EXPECT_EQ(data({.renaming = [](std::string_view) { return "hidden"; }}),
            R"({"hidden":{"quantiles:size":{"count":3,"max":30,"p50":20.0,"p90":30.0,"p99":30.0}}})");
  EXPECT_EQ(data({}).find("buckets"), std::string::npos);
  EXPECT_NE(data({.sketches = true}).find(R"("buckets":[[10,1],[20,1]])"), std::string::npos);
}

TEST(Merged, WhatAScriptFoundMergesByItsShape) {
  const auto found = [](double queries, double largest) {
    summary::Map map;
    map["queries"] = Quantity{*summary::Number::from(queries), summary::Rule::sum};
    map["largest"] = Quantity{*summary::Number::from(largest), summary::Rule::max};
    return Values{.root = map};
  };
  const auto hub = aggregator({});
  for (int second = 0; second < 200; ++second)
    hub->add(summary_of("script", second % 2 ? "ns1" : "ns2", second, 1, found(1, second)));
  EXPECT_EQ(view(*hub, "script", 2)["data"], Json::parse(R"({"largest":199,"queries":200})"));
  EXPECT_EQ(view(*hub, "script", 2, "ns1")["data"]["queries"], 100);
  const Json minute = view(*hub, "script", 0);  // of whole pieces, and it says from where
  EXPECT_EQ(minute["from"], "1700000240.000000000");
  EXPECT_EQ(minute["data"]["queries"], 60);
}

TEST(Merged, RatesOfServersSideBySideAddAndOverTimeWeighBySeconds) {
  const auto hub = aggregator({});
  for (int second = 0; second < 4; ++second)
    for (const char* server : {"ns1", "ns2"})
      hub->add(summary_of("PacketsPerSecond", server, second, 1, Rate{"pps", 10, 1}));
  EXPECT_EQ(view(*hub, "PacketsPerSecond")["data"]["pps"], 20);
  EXPECT_EQ(view(*hub, "PacketsPerSecond", 0, "ns1")["data"]["pps"], 10);
}

TEST(Merged, AContributionCountsOnce) {
  const auto hub = aggregator({});
  auto summary = summary_of("PacketsPerSecond", "ns1", 0, 1, Rate{"pps", 10, 1});
  summary.id = {"boot", 1, 0};
  hub->add(summary);
  hub->add(summary);
  EXPECT_EQ(hub->counters().repeated, 1u);
  EXPECT_EQ(view(*hub, "PacketsPerSecond")["data"]["pps"], 10);
}

TEST(Merged, AnotherFormUnderTheSameNameIsRefusedAndChangesNothing) {
  const auto hub = aggregator({});
  hub->add(summary_of("x", "ns1", 0, 1, Rate{"pps", 10, 1}));
  hub->add(summary_of("x", "ns2", 0, 1, codes(1, 1)));
  EXPECT_EQ(hub->counters().refused, 1u);
  EXPECT_EQ(view(*hub, "x")["data"]["pps"], 10);
  EXPECT_TRUE(view(*hub, "x", 0, "ns2")["data"].is_null());
}

}  // namespace
}  // namespace rata::aggregate
