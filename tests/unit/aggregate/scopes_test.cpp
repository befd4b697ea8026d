#include <algorithm>
#include <utility>

#include "sample.h"

namespace rata::aggregate {
namespace {

using summary::Counts;
using summary::Rate;

std::unique_ptr<Aggregator> grouped(std::vector<std::string> types = {"rates", "top_names"}) {
  Config config;
  config.groups = {{"chile", {"a", "b"}}, {"europe", {"c"}}};
  return aggregator(std::move(types), config);
}

Json group_view(Aggregator& hub, const std::string& name, const std::string& group) {
  return Json::parse(view_text(hub, name, 0, Scope::group(group)));
}

TEST(Groups, AddUpTheirServersAndNoOther) {
  const auto hub = grouped();
  std::uint64_t queries = 1;
  for (const char* server : {"a", "b", "c", "d"}) {
    hub->add(summary_of("client_by_qname", server, 0, 1, counts_by("qname", "client", {{"x.", "k", queries}})));
    hub->add(summary_of("QueriesPerSecond", server, 0, 1, Rate{"qps", queries, 1}));
    queries *= 10;
  }
  EXPECT_EQ(group_view(*hub, "top_names", "chile")["total"], 11);
  EXPECT_EQ(group_view(*hub, "top_names", "chile")["group"], "chile");
  EXPECT_EQ(group_view(*hub, "top_names", "europe")["total"], 100);
  EXPECT_EQ(view(*hub, "top_names")["total"], 1111);
  const Json rates = group_view(*hub, "rates", "chile");
  EXPECT_EQ(rates["total"]["queries_per_second"], 11);
  EXPECT_EQ(rates["servers"].size(), 2u);
}

TEST(Groups, OneThatIsNotThereHasNoView) {
  const auto hub = grouped();
  EXPECT_FALSE(hub->json("rates", 1, Scope::group("asia")));
  EXPECT_FALSE(hub->json("rates", 1, Scope::server("a")));  // not heard of yet
  EXPECT_TRUE(hub->json("rates", 1, Scope::group("chile")));
  EXPECT_FALSE(hub->json("rates", 2, {}));
  EXPECT_FALSE(hub->json("rate", 1, {}));
}

TEST(Reach, WhatIsOfAllServersCountsInTheTotalAndWhatItIsOfBelowIt) {
  const auto hub = grouped({"top_names"});
  const auto add = [&](const char* type, const char* server, double at, std::uint64_t count, Reach reach) {
    hub->add(summary_of(type, server, at, 1, counts_by("qname", "client", {{"x.", "k", count}})), reach);
  };
  for (const char* type : {"client_by_qname", "of_nobody"}) {
    add(type, "", 0, 1000, Reach::total);
    add(type, "a", 0, 300, Reach::below_total);
    add(type, "c", 0, 700, Reach::below_total);
    add(type, "c", 1, 5, Reach::everywhere);
  }
  for (const char* name : {"top_names", "of_nobody"}) {
    EXPECT_EQ(view(*hub, name)["total"], 1005);
    EXPECT_EQ(view(*hub, name, 0, "a")["total"], 300);
    EXPECT_EQ(group_view(*hub, name, "europe")["total"], 705);
  }
  EXPECT_EQ(hub->servers().size(), 2u) << "the total is no server";
  EXPECT_EQ(hub->counters().summaries, 6u);
}

TEST(Reach, ATotalThatComesAfterAServerHasThatToo) {
  const auto hub = grouped({"top_names"});
  const auto rows = [](std::uint64_t count) { return counts_by("qname", "client", {{"x.", "k", count}}); };
  hub->add(summary_of("client_by_qname", "a", 100, 1, rows(1)));
  hub->add(summary_of("client_by_qname", "", 90, 10, rows(20)), Reach::total);
  hub->add(summary_of("client_by_qname", "a", 90, 10, rows(20)), Reach::below_total);
  EXPECT_EQ(view(*hub, "top_names")["total"], 21);
  EXPECT_EQ(view(*hub, "top_names", 0, "a")["total"], 21);
  hub->add(summary_of("client_by_qname", "", 101, 10, rows(7)), Reach::total);
  EXPECT_EQ(view(*hub, "top_names")["total"], 28) << "no time follows it";
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 101));
  hub->add(summary_of("client_by_qname", "", -1000, 10, rows(7)), Reach::total);
  EXPECT_EQ(view(*hub, "top_names")["total"], 28) << "too old";
}

TEST(Reach, AMergedTotalHasWhatComesOfAll) {
  const auto hub = grouped({});
  summary::Quantiles one;
  one.add(5);
  summary::Measures sizes{.counts = {{"client"}, {{{"k"}, 1}}, {}}, .names = {"quantiles:size"}, .values = {{one}}};
  const auto add = [&](const char* server, Reach reach) { hub->add(summary_of("sizes", server, 0, 1, sizes), reach); };
  const auto values = [&](const char* server) {
    return view(*hub, "sizes", 0, server)["data"]["k"]["quantiles:size"]["count"];
  };
  add("", Reach::total);
  add("a", Reach::below_total);
  EXPECT_EQ(values(""), 1);
  EXPECT_EQ(values("a"), 1);
  add("a", Reach::everywhere);
  EXPECT_EQ(values(""), 2);
  EXPECT_EQ(values("a"), 2);
}

TEST(Ceiling, AServerWhoseClockRunsAheadDoesNotMoveTheViewsOfOthers) {
  const auto hub = grouped();
  hub->set_ceiling(util::from_seconds(day_one + 5));
  hub->add(summary_of("client_by_qname", "a", 0, 1, counts_by("qname", "client", {{"x.", "k", 1}})));
  hub->add(summary_of("client_by_qname", "b", 3600, 1, counts_by("qname", "client", {{"x.", "k", 2}})));
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 1));
  EXPECT_EQ(view(*hub, "top_names", 0, "a")["total"], 1);
  EXPECT_EQ(hub->servers().at(1).last, util::from_seconds(day_one + 3601));  // and is told
  EXPECT_EQ(view(*hub, "top_names", 0, "b")["total"], 0);
  EXPECT_EQ(hub->counters().ahead, 1u);
  hub->add(summary_of("client_by_qname", "a", 3, 1, counts_by("qname", "client", {{"x.", "k", 1}})));
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 4));
}

TEST(Ceiling, WindowsFromTheFutureAreInNoView) {
  const auto hub = grouped();
  for (int second = 0; second < 10; ++second) {
    hub->set_ceiling(util::from_seconds(day_one + second + 5));
    for (const auto& [server, ahead] : {std::pair{"a", 0}, {"b", 3600}}) {
      const double start = second + ahead;
      hub->add(summary_of("client_by_qname", server, start, 1, counts_by("qname", "client", {{"x.", "k", 1}})));
      hub->add(summary_of("QueriesPerSecond", server, start, 1, Rate{"qps", 1, 1}));
      hub->add(summary_of("sizes", server, start, 1, Rate{"other", 1, 1}));  // a view by itself
    }
  }
  hub->settle();
  for (std::size_t span = 0; span < 3; ++span) {
    EXPECT_EQ(view(*hub, "top_names", span)["total"], 10);
    EXPECT_EQ(view(*hub, "top_names", span, "b")["total"], 0);
    EXPECT_EQ(view(*hub, "rates", span)["total"]["queries_per_second"], 1);
    EXPECT_TRUE(view(*hub, "sizes", span, "b")["data"].is_null());
  }
  EXPECT_EQ(info(*hub, "sizes")->updated, util::from_seconds(day_one + 10));
  EXPECT_EQ(hub->counters().ahead, 30u);
}

TEST(Ceiling, AClockThatIsPutRightCountsAgain) {
  const auto hub = grouped();
  hub->set_ceiling(util::from_seconds(day_one + 5));
  hub->add(summary_of("QueriesPerSecond", "a", 0, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "b", 3600, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "b", 2, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 3));
  EXPECT_EQ(view(*hub, "rates", 0, "b")["total"]["queries_per_second"], 1);
}

TEST(Ceiling, WhereAllClocksRunAheadTheCeilingIsTheTime) {
  const auto hub = grouped();
  hub->set_ceiling(util::from_seconds(day_one + 5));
  hub->add(summary_of("QueriesPerSecond", "a", 100, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 5));
  hub->set_ceiling(util::from_seconds(day_one + 200));
  EXPECT_EQ(hub->watermark(), util::from_seconds(day_one + 101));
}

TEST(Servers, OneFromTheFarFutureHoldsNoPlaceForEver) {
  Config config;
  config.servers = 2;
  const auto hub = aggregator({"rates"}, config);
  hub->set_ceiling(util::from_seconds(day_one + 5));
  hub->add(summary_of("QueriesPerSecond", "a", 0, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "b", 1e8, 1, Rate{"qps", 1, 1}));
  hub->set_ceiling(util::from_seconds(day_one + 2005));
  hub->add(summary_of("QueriesPerSecond", "a", 2000, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "c", 2000, 1, Rate{"qps", 1, 1}));
  const auto servers = hub->servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[1].name, "c");
  EXPECT_EQ(hub->counters().refused, 0u);
}

TEST(Servers, OneThatIsLongSilentMakesRoomForAnother) {
  Config config;
  config.servers = 2;
  const auto hub = aggregator({"rates"}, config);
  hub->add(summary_of("QueriesPerSecond", "a", 0, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "b", 0, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "c", 1, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->counters().refused, 1u);
  hub->add(summary_of("QueriesPerSecond", "b", 2000, 1, Rate{"qps", 1, 1}));
  hub->add(summary_of("QueriesPerSecond", "c", 2000, 1, Rate{"qps", 1, 1}));
  EXPECT_EQ(hub->counters().refused, 1u);
  const auto servers = hub->servers();
  ASSERT_EQ(servers.size(), 2u);
  EXPECT_EQ(servers[0].name, "b");
  EXPECT_EQ(servers[1].name, "c");
}

}  // namespace
}  // namespace rata::aggregate
