#include "sample.h"

namespace rata::aggregate {
namespace {

TEST(TableView, HasTheMembersOfTheInterfaceInTheirOrder) {
  Config config;
  config.spans = {1};
  ProcessorConfig names;
  names.type = "top_names";
  names.output_limit = 1;
  names.parts_limit = 1;
  config.processors = {names};
  const auto hub = aggregator({}, config);
  hub->add(summary_of("client_by_qname", "ns1", 0, 1,
                      counts_by("qname", "client",
                                {{"mail.example.cl.", "192.0.2.1", 1},
                                 {"www.example.cl.", "192.0.2.1", 7},
                                 {"www.example.cl.", "2001:db8::1", 4}},
                                {{{}, 3, 5}, {{"www.example.cl."}, 2, 3}})));
  EXPECT_EQ(
      view_text(*hub, "top_names"),
      R"({"processor":"top_names","kind":"table","span_minutes":1,"server":"","from":"1700000041.000000000",)"
      R"("to":"1700000101.000000000","key":"qname","part":"client","total":20,"distinct":5,"distinct_is_bound":true,"rows":[)"
      R"({"key":"www.example.cl.","queries":14,"share":70,"parts":[{"key":"192.0.2.1","queries":7}],)"
      R"("parts_rest":{"keys":3,"queries":7}}],"rest":{"keys":4,"queries":6}})");
}

TEST(TableView, EqualRowsAreOrderedByTheirText) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"z.", "9", 1}, {"z.", "8", 1}})));
  hub->add(summary_of("client_by_qname", "ns1", 1, 1, counts_by("qname", "client", {{"a.", "9", 2}, {"b.", "9", 2}})));
  const Json rows = view(*hub, "top_names")["rows"];
  EXPECT_EQ(rows[0]["key"], "a.");
  EXPECT_EQ(rows[1]["key"], "b.");
  EXPECT_EQ(rows[2]["key"], "z.");
  EXPECT_EQ(rows[2]["parts"], Json::parse(R"([{"key":"8","queries":1},{"key":"9","queries":1}])"));
}

TEST(TableView, WhatGoesByTheSameNameIsAddedUpBeforeTheRowsAreCut) {
  const auto hub = aggregator({"top_clients"});
  std::vector<Triple> triples = {{"loner-1", "A", 50}};
  for (int i = 0; i < 100; ++i) triples.push_back({"many-" + std::to_string(i), i % 4 == 0 ? "MX" : "A", 1});
  for (int i = 0; i < 30; ++i) triples.push_back({"big" + std::to_string(i) + "-1", "A", 2});
  hub->add(summary_of("qtype_by_client", "ns1", 0, 1, counts_by("client", "qtype", triples)));
  const auto to_the_dash = [](std::string_view text) { return std::string(text.substr(0, text.find('-'))); };
  const Json table = Json::parse(*hub->json("top_clients", 1, Scope::total(), {.renaming = to_the_dash}));
  EXPECT_EQ(table["total"], 210);
  EXPECT_EQ(table["distinct"], 32);
  EXPECT_EQ(table["distinct_is_bound"], false);
  EXPECT_EQ(table["rows"].size(), 20u);
  EXPECT_EQ(table["rows"][0].dump(), Json::parse(R"({"key":"many","queries":100,"share":47.619,"parts":[)"
                                                 R"({"key":"A","queries":75},{"key":"MX","queries":25}],)"
                                                 R"("parts_rest":{"keys":0,"queries":0}})")
                                         .dump());
  EXPECT_EQ(table["rows"][1]["key"], "loner");
  EXPECT_EQ(table["rest"], Json::parse(R"({"keys":12,"queries":24})"));
}

TEST(TableView, TheShareIsRoundedToFourDecimals) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 2}, {"b.", "x", 1}})));
  EXPECT_EQ(view(*hub, "top_names")["rows"][0]["share"].dump(), "66.6667");
}

TEST(TableView, TypesAndClientsReadEqualCountsFromTheirTwoSides) {
  const auto hub = aggregator({"top_types", "top_clients"});
  for (const char* reducer : {"client_by_qtype", "qtype_by_client"})
    hub->add(summary_of(
        reducer, "ns1", 0, 1,
        counts_by("qtype", "client", {{"A", "192.0.2.1", 5}, {"A", "192.0.2.2", 3}, {"TYPE65280", "192.0.2.2", 4}})));
  const Json types = view(*hub, "top_types");
  EXPECT_EQ(types["key"], "qtype");
  EXPECT_EQ(types["part"], "client");
  EXPECT_EQ(types["rows"][0]["key"], "A");
  EXPECT_EQ(types["rows"][0]["queries"], 8);
  const Json clients = view(*hub, "top_clients");
  EXPECT_EQ(clients["key"], "client");
  EXPECT_EQ(clients["part"], "qtype");
  EXPECT_EQ(clients["total"], 12);
  EXPECT_EQ(clients["rows"][0]["key"], "192.0.2.2");
  EXPECT_EQ(clients["rows"][0]["parts"], Json::parse(R"([{"key":"TYPE65280","queries":4},{"key":"A","queries":3}])"));
}

TEST(TableView, WhatWasCutBelowATypeIsCutFromTheClientsToo) {
  const auto hub = aggregator({"top_clients"});
  hub->add(summary_of("qtype_by_client", "ns1", 0, 1,
                      counts_by("qtype", "client", {{"A", "192.0.2.1", 5}}, {{{"A"}, 7, 9}, {{}, 2, 4}})));
  const Json clients = view(*hub, "top_clients");
  EXPECT_EQ(clients["total"], 18);
  EXPECT_EQ(clients["rest"], Json::parse(R"({"keys":11,"queries":13})"));
}

TEST(TableView, TheOldestWindowLeavesEachSpanInItsTime) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 1}})));
  hub->add(summary_of("client_by_qname", "ns1", 59, 1, counts_by("qname", "client", {{"b.", "x", 2}})));
  EXPECT_EQ(view(*hub, "top_names", 0)["total"], 3);
  hub->add(summary_of("client_by_qname", "ns1", 60, 1, counts_by("qname", "client", {{"b.", "x", 4}})));
  EXPECT_EQ(view(*hub, "top_names", 0)["total"], 6);
  EXPECT_EQ(view(*hub, "top_names", 0)["distinct"], 1);
  EXPECT_EQ(view(*hub, "top_names", 1)["total"], 7);
}

TEST(TableView, ServersStandAloneAndTogether) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 1}})));
  EXPECT_EQ(view(*hub, "top_names", 0, "ns1")["total"], 1);
  EXPECT_EQ(view(*hub, "top_names", 0, "ns1")["server"], "ns1");
  hub->add(summary_of("client_by_qname", "ns2", 0, 1, counts_by("qname", "client", {{"a.", "y", 2}})));
  hub->add(summary_of("client_by_qname", "ns1", 1, 1, counts_by("qname", "client", {{"b.", "x", 4}})));
  EXPECT_EQ(view(*hub, "top_names", 0, "ns1")["total"], 5);
  EXPECT_EQ(view(*hub, "top_names", 0, "ns2")["total"], 2);
  const Json all = view(*hub, "top_names");
  EXPECT_EQ(all["total"], 7);
  EXPECT_EQ(all["rows"][1]["parts"], Json::parse(R"([{"key":"y","queries":2},{"key":"x","queries":1}])"));
}

TEST(TableView, ASecondServerDoesNotBringBackWhatHasLeftTheSpan) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 1}})));
  hub->add(summary_of("client_by_qname", "ns1", 100, 1, counts_by("qname", "client", {{"a.", "x", 2}})));
  hub->add(summary_of("client_by_qname", "ns2", 10, 1, counts_by("qname", "client", {{"a.", "x", 4}})));
  hub->add(summary_of("client_by_qname", "ns2", 99, 1, counts_by("qname", "client", {{"a.", "x", 8}})));
  EXPECT_EQ(view(*hub, "top_names", 0)["total"], 10);
  EXPECT_EQ(view(*hub, "top_names", 0, "ns2")["total"], 8);
  EXPECT_EQ(view(*hub, "top_names", 1)["total"], 15);
}

TEST(TableView, AServerThatThisProcessorHeardNothingOfHasAnEmptyTable) {
  const auto hub = aggregator({"top_names", "rates"});
  hub->add(summary_of("QueriesPerSecond", "ns2", 0, 1, summary::Rate{"qps", 1, 1}));
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 1}})));
  EXPECT_EQ(view(*hub, "top_names", 0, "ns2")["total"], 0);
  EXPECT_EQ(view(*hub, "top_names", 0, "ns2")["rows"], Json::array());
  EXPECT_EQ(view(*hub, "rates", 0, "ns1")["total"]["queries_per_second"], 0);
}

TEST(TableView, RowsThatCountNothingAreNoRows) {
  const auto hub = aggregator({"top_names"});
  hub->add(summary_of("client_by_qname", "ns1", 0, 1,
                      counts_by("qname", "client", {{"a.", "x", 0}}, {{{"b."}, 0, 0}, {{}, 0, 0}})));
  EXPECT_EQ(view(*hub, "top_names")["distinct"], 0);
  EXPECT_EQ(view(*hub, "top_names")["rows"], Json::array());
}

TEST(TableView, QuotesAndControlCharactersAreEscaped) {
  const auto hub = aggregator({"top_names"});
  const std::string odd = "a\\\"\x01\\032b.";
  hub->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{odd, "x", 1}})));
  EXPECT_EQ(view(*hub, "top_names")["rows"][0]["key"], odd);
}

}  // namespace
}  // namespace rata::aggregate
