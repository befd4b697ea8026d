#include "aggregate/older_forms.h"

#include "sample.h"

namespace rata::aggregate {
namespace {

using summary::Counts;
using summary::Records;

/// An aggregator whose `type` reads `reducer`.
std::unique_ptr<Aggregator> reading(std::string type, std::string reducer, std::size_t output_limit = 20) {
  Config config;
  config.spans = {1};
  ProcessorConfig processor;
  processor.type = std::move(type);
  processor.output_limit = output_limit;
  processor.reads = {std::move(reducer)};
  config.processors = {processor};
  return aggregator({}, config);
}

Records queries_summary() {
  return {Records::Shape::queries_by_client,
          {{1, {"c6336402", "28"}, "b.example."},
           {2, {"c6336401", "1"}, "a.example."},
           {3, {"c6336401", "255"}, "a.example."},
           {4, {"20010db8000000000000000000000001", "65400"}, "a.example."},
           {5, {"c6336401", "1"}, "b.example."}},
          0};
}

TEST(OlderForms, AQueriesSummaryIsReadByTypeAndByClient) {
  const auto types = reading("top_types", "QueriesSummary");
  types->add(summary_of("QueriesSummary", "ns1", 0, 1, queries_summary()));
  const Json rows = view(*types, "top_types")["rows"];
  EXPECT_EQ(rows[0], Json::parse(R"({"key":"A","queries":2,"share":40,"parts":[{"key":"198.51.100.1","queries":2}],
                                     "parts_rest":{"keys":0,"queries":0}})"));
  EXPECT_EQ(rows[3]["key"], "TYPE65400");
  EXPECT_EQ(rows[3]["parts"][0]["key"], "2001:db8::1");

  const auto clients = reading("top_clients", "QueriesSummary");
  clients->add(summary_of("QueriesSummary", "ns1", 0, 1, queries_summary()));
  EXPECT_EQ(view(*clients, "top_clients")["rows"][0]["key"], "198.51.100.1");
  EXPECT_EQ(view(*clients, "top_clients")["rows"][0]["queries"], 3);
}

TEST(OlderForms, APacketSummaryIsTheSameWithHexadecimalTypes) {
  const auto types = reading("top_types", "PacketSummary");
  Records records = queries_summary();
  records.shape = Records::Shape::names_by_client;
  records.records = {{1, {"c6336402", "1c"}, "b.example."}, {2, {"c6336401", "1c"}, "a.example."}};
  types->add(summary_of("PacketSummary", "ns1", 0, 1, records));
  EXPECT_EQ(view(*types, "top_types")["rows"][0]["key"], "AAAA");
  EXPECT_EQ(view(*types, "top_types")["rows"][0]["queries"], 2);
}

TEST(OlderForms, ATopKWithIpIsReadByNameAndClient) {
  const auto names = reading("top_names", "TopKWithIP");
  const Records records{
      Records::Shape::lists_by_key,
      {{1, {"a.example."}, "c6336401"}, {2, {"a.example."}, "c6336401"}, {3, {"b.example."}, "opaque"}},
      4};
  names->add(summary_of("TopKWithIP", "ns1", 0, 1, records));
  const Json table = view(*names, "top_names");
  EXPECT_EQ(table["rows"][0]["parts"], Json::parse(R"([{"key":"198.51.100.1","queries":2}])"));
  EXPECT_EQ(table["rows"][1]["parts"], Json::parse(R"([{"key":"opaque","queries":1}])"));
  EXPECT_EQ(table["rest"]["queries"], 4);
}

TEST(OlderForms, AQueriesNameCounterHasNoParts) {
  const auto names = reading("top_names", "QueriesNameCounter");
  names->add(summary_of("QueriesNameCounter", "ns1", 0, 1, Counts{{"qname"}, {{{"a.example."}, 3}}, {{{}, 2, 2}}}));
  const Json table = view(*names, "top_names");
  EXPECT_EQ(table["total"], 5);
  EXPECT_EQ(table["rows"][0], Json::parse(R"({"key":"a.example.","queries":3,"share":60,"parts":[],
                                              "parts_rest":{"keys":0,"queries":3}})"));
}

TEST(OlderForms, DataThatHasNotWhatTheTableShowsIsRefused) {
  const std::vector<summary::Data> wrong{
      summary::Rate{"qps", 1, 1},
      Counts{{"rcode"}, {{{"NOERROR"}, 1}}, {}},
      Counts{{"qname", "client"}, {{{"a."}, 1}}, {}},           // a key is missing
      Counts{{"qname", "client"}, {}, {{{"a.", "b."}, 1, 1}}},  // a rest below nothing
      Counts{{"qname", "client", "qtype"}, {}, {}},
      queries_summary(),  // its names are not looked at
      Records{Records::Shape::lists_by_key, {{1, {"a."}, 5}}, 0},
      Records{Records::Shape::lists_by_key, {{1, {}, "c6336401"}}, 0},
  };
  const auto names = reading("top_names", "any");
  for (const summary::Data& data : wrong) names->add(summary_of("any", "ns1", 0, 1, data));
  EXPECT_EQ(names->counters().refused, wrong.size());
  EXPECT_EQ(view(*names, "top_names")["total"], 0);
}

TEST(OlderForms, AddressesAndTypesGoBackToTheirOlderForm) {
  EXPECT_EQ(older_client("198.51.100.1"), "c6336401");
  EXPECT_EQ(older_client("2001:db8::1"), "20010db8000000000000000000000001");
  EXPECT_EQ(older_client("k7f3"), "k7f3");
  EXPECT_EQ(older_qtype_number("AAAA"), "28");
  EXPECT_EQ(older_qtype_number("TYPE65400"), "65400");
  EXPECT_EQ(older_qtype_number("whatever"), "whatever");
  EXPECT_EQ(older_qtype_name("ANY"), "*");
  EXPECT_EQ(older_qtype_name("MX"), "MX");
}

TEST(OlderEvents, QueriesSummaryHasTheSameNumbersAsTheOlderAggregator) {
  const auto clients = reading("top_clients", "QueriesSummary");
  clients->add(summary_of("QueriesSummary", "ns1", 0, 1, queries_summary()));
  EXPECT_EQ(
      older_text(*clients, "queries_summary"),
      R"([{"time_span":1,"servers_data":[{"server_id":"ns1","clients_data":[)"
      R"({"ip":"198.51.100.1","queries":[{"qtype":"A","count":2},{"qtype":"*","count":1}],)"
      R"("queries_count":3,"percentage":60.0},)"
      R"({"ip":"198.51.100.2","queries":[{"qtype":"AAAA","count":1}],"queries_count":1,"percentage":20.0},)"
      R"({"ip":"2001:db8::1","queries":[{"qtype":"TYPE65400","count":1}],"queries_count":1,"percentage":20.0}]}]}])");
}

TEST(OlderEvents, EqualsKeepTheOrderOfFirstAppearanceAndTheCutIsHard) {
  const auto clients = reading("top_clients", "QueriesSummary", 2);
  clients->add(summary_of("QueriesSummary", "ns1", 0, 1, queries_summary()));
  const Json list = older(*clients, "queries_summary")[0]["servers_data"][0]["clients_data"];
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[1]["ip"], "198.51.100.2");
}

TEST(OlderEvents, QueriesByQtypeMixesTheServersInsideAType) {
  const auto types = reading("top_types", "client_by_qtype", 2);
  types->add(summary_of("client_by_qtype", "ns2", 0, 1,
                        counts_by("qtype", "client", {{"AAAA", "192.0.2.1", 1}, {"A", "192.0.2.2", 5}})));
  types->add(summary_of("client_by_qtype", "ns1", 0, 1,
                        counts_by("qtype", "client", {{"A", "192.0.2.2", 9}, {"A", "k7f3", 5}})));
  EXPECT_EQ(older_text(*types, "queries_by_qtype"),
            R"([{"time_span":1,"qtype_data":[)"
            R"({"qtype":"28","queries":[{"ip":"c0000201","queries_count":1,"percentage":5.0,"server_id":"ns2"}]},)"
            R"({"qtype":"1","queries":[{"ip":"c0000202","queries_count":9,"percentage":45.0,"server_id":"ns1"},)"
            R"({"ip":"c0000202","queries_count":5,"percentage":25.0,"server_id":"ns2"}]}]}])");
}

TEST(OlderEvents, TopQnamesCountsPercentOfAllServersBeforeTheCut) {
  const auto names = reading("top_names", "topk", 1);
  names->add(summary_of("topk", "b", 0, 1, Counts{{"qname"}, {{{"a.example."}, 5}, {{"c.example."}, 4}}, {}}));
  names->add(summary_of("topk", "a", 0, 1, Counts{{"qname"}, {{{"a.example."}, 11}}, {}}));
  EXPECT_EQ(older_text(*names, "top_qnames"),
            R"([{"time_span":1,"servers_data":[)"
            R"({"server_id":"b","top_qnames":[{"qname":"a.example.","qname_count":5,"percentage":25.0}]},)"
            R"({"server_id":"a","top_qnames":[{"qname":"a.example.","qname_count":11,"percentage":55.0}]}]}])");
}

TEST(OlderEvents, AServerThatSaidNothingInASpanIsNotInIt) {
  const auto names = aggregator({"top_names"});
  names->add(summary_of("client_by_qname", "ns1", 0, 1, counts_by("qname", "client", {{"a.", "x", 1}})));
  names->add(summary_of("client_by_qname", "ns2", 100, 1, counts_by("qname", "client", {})));
  const Json list = older(*names, "top_qnames");
  EXPECT_EQ(list[0]["servers_data"], Json::parse(R"([{"server_id":"ns2","top_qnames":[]}])"));
  EXPECT_EQ(list[1]["servers_data"].size(), 2u);
  EXPECT_EQ(list[1]["servers_data"][0]["top_qnames"][0]["percentage"].dump(), "100.0");
}

}  // namespace
}  // namespace rata::aggregate
