#include "aggregate/aggregator.h"

#include <cmath>
#include <limits>

#include "aggregate/processor.h"
#include "sample.h"

namespace rata::aggregate {
namespace {

using summary::Rate;

std::string refusal(const Config& config) {
  const auto made = Aggregator::make(config);
  return made ? "" : made.error().message;
}

Config with(std::vector<std::string> types) {
  Config config;
  for (std::string& type : types) config.processors.push_back({std::move(type), 20, 5, {}});
  return config;
}

TEST(Aggregator, AnUnknownProcessorIsRefusedAndTheKnownOnesAreNamed) {
  const std::string message = refusal(with({"top_domains"}));
  for (const char* name : {"top_domains", "rates", "top_names", "top_types", "top_clients"})
    EXPECT_NE(message.find(name), std::string::npos) << message;
}

TEST(Aggregator, AProcessorCanBeSwitchedOnOnce) { EXPECT_NE(refusal(with({"rates", "rates"})), ""); }

TEST(Aggregator, SpansMustBeAscendingWholeMinutes) {
  const std::vector<std::vector<unsigned>> wrong{{}, {0}, {0, 1}, {5, 1}, {1, 1}, {1, 10081}, {4'000'000'000u}};
  for (const std::vector<unsigned>& spans : wrong) {
    Config config = with({"rates"});
    config.spans = spans;
    EXPECT_NE(refusal(config).find("[1, 5, 15]"), std::string::npos);
  }
}

TEST(Aggregator, EveryRegisteredProcessorHasANameAHelpTextAndReads) {
  EXPECT_EQ(processor_types().size(), 4u);
  for (const ProcessorType* type : processor_types()) {
    EXPECT_FALSE(type->name.empty() || type->help.empty() || type->reads.empty());
    EXPECT_EQ(refusal(with({std::string(type->name)})), "");
  }
}

TEST(Aggregator, BeforeAnythingCameThereAreEmptyViews) {
  const auto hub = aggregator({"rates", "top_names"});
  EXPECT_EQ(hub->watermark(), util::Time{});
  EXPECT_EQ(view(*hub, "top_names")["rows"], Json::array());
  EXPECT_EQ(view(*hub, "top_names")["from"], "0.000000000");
  EXPECT_EQ(view(*hub, "rates")["servers"], Json::array());
  EXPECT_TRUE(hub->servers().empty());
}

TEST(Aggregator, WhatNoProcessorReadsIsIgnoredButMovesTheTime) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("NullPreR", "ns1", 0, 1, summary::Nothing{}));
  EXPECT_EQ(hub->counters().summaries, 1u);
  EXPECT_EQ(hub->counters().ignored, 1u);
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 1));
}

TEST(Aggregator, WindowsOlderThanTheLongestSpanAreCounted) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("QueriesPerSecond", "ns1", 900, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 1, 1}));  // ends on the cutoff
  EXPECT_EQ(hub->counters().too_old, 1u);
  hub->add(summary_of("QueriesPerSecond", "ns1", 1, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->counters().too_old, 1u);
  EXPECT_EQ(view(*hub, "rates", 2)["series"]["servers"][0]["queries"][0], 1);
}

TEST(Aggregator, AServerTooManyIsRefusedAndTheOthersGoOn) {
  Config config;
  config.servers = 2;
  const auto hub = aggregator({"rates"}, config);
  for (const char* server : {"a", "b", "c", "a"})
    hub->add(summary_of("QueriesPerSecond", server, 0, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->counters().refused, 1u);
  EXPECT_EQ(hub->servers().size(), 2u);
  EXPECT_EQ(view(*hub, "rates")["total"]["queries_per_second"], 3);
}

TEST(Aggregator, DataOfAnotherShapeIsRefused) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("QueriesPerSecond", "ns1", 0, 1, summary::Counts{}));
  hub->add(summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"bytes", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 1, std::nan("")}));
  EXPECT_EQ(hub->counters().refused, 3u);
}

TEST(Aggregator, AWindowThatNoCaptureCanHaveMadeIsRefused) {
  const auto hub = aggregator({"rates"});
  auto summary = summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 1, 1});
  for (const double seconds : {-1.0, 1e12, std::nan(""), std::numeric_limits<double>::infinity()}) {
    summary.window.seconds = seconds;
    hub->add(summary);
  }
  summary.window.seconds = 1;
  for (const std::int64_t start :
       {std::int64_t{-1}, std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    summary.window.start = {start};
    hub->add(summary);
  }
  EXPECT_EQ(hub->counters().refused, 7u);
  EXPECT_EQ(hub->watermark(), util::Time{});
}

TEST(Aggregator, EachServerHasItsOwnNewestWindow) {
  const auto hub = aggregator({"rates"});
  hub->add(summary_of("QueriesPerSecond", "b", 5, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "a", 0, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "b", 2, 1, Rate{"qps", 1, 1}));
  const auto servers = hub->servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].name, "a");
  EXPECT_EQ(servers[0].last, util::from_seconds(day_one + 1));
  EXPECT_EQ(servers[1].last, util::from_seconds(day_one + 6));
  EXPECT_EQ(hub->watermark(), servers[1].last);
}

TEST(Aggregator, AViewThatDidNotChangeKeepsItsRevision) {
  const auto hub = aggregator({"rates", "top_names"});
  const auto revision = [&](const char* name) {
    hub->settle();
    return info(*hub, name)->revision;
  };
  hub->add(summary_of("QueriesPerSecond", "ns1", 0, 1, Rate{"qps", 1, 1}));
  const std::uint64_t rates = revision("rates"), names = revision("top_names");
  EXPECT_EQ(revision("rates"), rates);
  hub->add(summary_of("AnswersPerSecond", "ns1", 0, 1, Rate{"aps", 1, 1}));  // time stands still
  EXPECT_GT(revision("rates"), rates);
  EXPECT_EQ(revision("top_names"), names);
  hub->add(summary_of("AnswersPerSecond", "ns1", 1, 1, Rate{"aps", 1, 1}));  // time moves for all
  EXPECT_GT(revision("top_names"), names);
  EXPECT_EQ(info(*hub, "rates")->updated, util::from_seconds(day_one + 2));
}

TEST(Aggregator, OneContributionCountsOnceAndOthersAdd) {
  const auto hub = aggregator({"top_names"});
  const auto send = [&](const char* boot, std::uint64_t sequence, std::uint32_t revision, std::uint64_t queries) {
    auto summary =
        summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "192.0.2.1", queries}}));
    summary.id = {boot, sequence, revision};
    hub->add(summary);
  };
  send("boot1", 1, 0, 5);
  send("boot1", 1, 0, 5);
  EXPECT_EQ(view(*hub, "top_names")["total"], 5);
  EXPECT_EQ(hub->counters().repeated, 1u);
  send("boot1", 1, 1, 7);
  EXPECT_EQ(view(*hub, "top_names")["total"], 7);
  send("boot2", 1, 0, 1);
  EXPECT_EQ(view(*hub, "top_names")["total"], 8);
  send("", 0, 0, 1);  // an older monitor, which names nothing
  send("", 0, 0, 1);
  EXPECT_EQ(view(*hub, "top_names")["total"], 10);
}

}  // namespace
}  // namespace rata::aggregate
