#include <gtest/gtest.h>

#include "aggregate/processors/table.h"
#include "sample.h"

namespace rata::aggregate {
namespace {

const Spans spans({1, 5});

struct Forgotten : testing::Test {
  void add(const std::string& server, double start, int names) {
    std::vector<Triple> triples;
    for (int name = 0; name < names; ++name) triples.push_back({"n" + std::to_string(name) + ".", "k", 1});
    const auto summary = summary_of("client_by_qname", server, start, 1, counts_by("qname", "client", triples));
    const Origin origin = origin_of(summary);
    table.advance(origin.end);
    ASSERT_EQ(table.add(summary, origin, {}), Taken::yes);
  }

  Table table{table_of("names", {"qname", "client"}), {}, spans, 16};
};

TEST_F(Forgotten, AServerThatIsInNoSpanCostsNothing) {
  add("a", 0, 2);
  add("b", 200, 2);
  EXPECT_NE(table.tally("a"), nullptr);
  add("b", 400, 2);
  EXPECT_EQ(table.tally("a"), nullptr);
  EXPECT_NE(table.tally("b"), nullptr);
}

TEST_F(Forgotten, TheTotalStaysThatOfThoseThatAreThere) {
  add("a", 0, 1);
  add("b", 1, 2);
  add("c", 400, 3);  // the only one now
  EXPECT_EQ(table.total(1), 3u);
  add("d", 401, 4);
  EXPECT_EQ(table.total(1), 7u);
  add("a", 1000, 5);
  EXPECT_EQ(table.total(1), 5u);
}

TEST_F(Forgotten, WhatWasCutStaysCounted) {
  add("a", 0, 100);
  const std::uint64_t cut = table.cut_cells();
  EXPECT_GT(cut, 0u);
  add("b", 1000, 1);
  EXPECT_EQ(table.tally("a"), nullptr);
  EXPECT_EQ(table.cut_cells(), cut);
}

}  // namespace
}  // namespace rata::aggregate
