#include <gtest/gtest.h>

#include "summary/summary.h"

namespace rata::summary {
namespace {

std::string json(const Data& data) { return data_json(data).dump(); }

TEST(DataJson, ARateAlwaysHasADecimalPoint) {
  EXPECT_EQ(json(Rate{"qps", 8, 1}), R"({"qps":8.0})");
  EXPECT_EQ(json(Rate{"aps", 15, 2}), R"({"aps":7.5})");
}

TEST(DataJson, ARateIsNotRounded) { EXPECT_EQ(json(Rate{"qps", 1, 3}), R"({"qps":0.3333333333333333})"); }

TEST(DataJson, ARateOverNoTimeIsZero) { EXPECT_EQ(json(Rate{"qps", 5, 0}), R"({"qps":0.0})"); }

TEST(DataJson, NoCountsAreAnEmptyMap) { EXPECT_EQ(json(Counts{{"qname"}, {}, {}}), "{}"); }

TEST(DataJson, CountsByOneDimensionAreAMap) {
  EXPECT_EQ(json(Counts{{"qname"}, {{{"a.example."}, 2}, {{"b.example."}, 1}}, {}}),
            R"({"a.example.":2,"b.example.":1})");
}

TEST(DataJson, CountsByMoreDimensionsAreNestedMaps) {
  const Counts counts{{"transport", "qtype", "rcode"},
                      {{{"tcp", "A", "NOERROR"}, 1}, {{"udp", "A", "NOERROR"}, 2}, {{"udp", "MX", "SERVFAIL"}, 3}},
                      {}};
  EXPECT_EQ(json(counts), R"({"tcp":{"A":{"NOERROR":1}},"udp":{"A":{"NOERROR":2},"MX":{"SERVFAIL":3}}})");
}

TEST(DataJson, ARestStandsLastInTheMapThatItWasCutFrom) {
  const Counts counts{{"qtype", "client"},
                      {{{"A", "192.0.2.1"}, 5}, {{"A", "192.0.2.2"}, 4}, {{"MX", "192.0.2.1"}, 1}},
                      {{{}, 2, 3}, {{"A"}, 7, 9}}};
  EXPECT_EQ(json(counts), R"({"A":{"192.0.2.1":5,"192.0.2.2":4,"-:SKIPPED:-":7,"-:SKIPPED_SUM:-":9},)"
                          R"("MX":{"192.0.2.1":1},"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":3})");
}

TEST(DataJson, ARestOfAKeyWithoutRowsHasItsPlaceAmongTheKeys) {
  const Counts counts{{"qtype", "client"}, {{{"A", "x"}, 1}, {{"MX", "x"}, 1}}, {{{"TXT"}, 1, 1}, {{"AAAA"}, 2, 3}}};
  EXPECT_EQ(json(counts), R"({"A":{"x":1},"AAAA":{"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":3},"MX":{"x":1},)"
                          R"("TXT":{"-:SKIPPED:-":1,"-:SKIPPED_SUM:-":1}})");
}

TEST(DataJson, ListsByKeyAscendByKeyAndKeepTheOrderOfTheirValues) {
  const Records records{Records::Shape::lists_by_key, {{1, {"b."}, "2nd"}, {2, {"a."}, "x"}, {3, {"b."}, "1st"}}, 0};
  EXPECT_EQ(json(records), R"({"a.":["x"],"b.":["2nd","1st"]})");
}

TEST(DataJson, QueriesByClientKeepTheOrderOfFirstAppearance) {
  const Records records{Records::Shape::queries_by_client,
                        {{1, {"c6336402", "28"}, "b.example."},
                         {2, {"c6336401", "1"}, "a.example."},
                         {3, {"c6336402", "1"}, "a.example."},
                         {4, {"c6336402", "28"}, "b.example."}},
                        0};
  EXPECT_EQ(json(records), R"([{"ip":"c6336402","queries":{"28":["b.example.","b.example."],"1":["a.example."]}},)"
                           R"({"ip":"c6336401","queries":{"1":["a.example."]}}])");
}

TEST(DataJson, InTheOlderFormARateIsABareNumberAndIPv6ClientsAreText) {
  EXPECT_EQ(data_json(Rate{"qps", 15, 2}, Form::older).dump(), "7.5");
  EXPECT_EQ(data_json(Rate{"qps", 8, 1}, Form::older).dump(), "8.0");
  const Records records{Records::Shape::queries_by_client,
                        {{1, {"c6336401", "1"}, "a."},
                         {2, {"20010db8000000000000000000000007", "28"}, "a."},
                         {3, {"0123456789abcdef", "1"}, "a."},
                         {4, {"of some other text, of 32 letters", "1"}, "a."}},
                        0};
  EXPECT_EQ(data_json(records, Form::older).dump(),
            R"([{"ip":"c6336401","queries":{"1":["a."]}},{"ip":"2001:db8::7","queries":{"28":["a."]}},)"
            R"({"ip":"0123456789abcdef","queries":{"1":["a."]}},)"
            R"({"ip":"of some other text, of 32 letters","queries":{"1":["a."]}}])");
  const Counts counts{{"qname"}, {{{"a."}, 2}}, {}};
  EXPECT_EQ(data_json(counts, Form::older), data_json(counts));
}

TEST(DataJson, NoRecordsKeepTheirShape) {
  EXPECT_EQ(json(Records{Records::Shape::lists_by_key, {}, 0}), "{}");
  EXPECT_EQ(json(Records{Records::Shape::queries_by_client, {}, 0}), "[]");
}

}  // namespace
}  // namespace rata::summary
