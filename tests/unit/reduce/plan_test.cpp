#include "reduce/plan.h"

#include <gtest/gtest.h>

#include <string>

#include "reduce/windows.h"
#include "summary/summary.h"
#include "support/packets.h"
#include "support/windows.h"

namespace rata::reduce {
namespace {

using tests::Packets;

std::vector<Packet> sample(Packets& packets) {
  std::vector<Packet> input;
  for (unsigned i = 0; i < 300; ++i)
    input.push_back(packets.make({.name = i % 5 == 0 ? "xn--" + std::to_string(i % 7) + ".example" : "www.example",
                                  .qtype = static_cast<std::uint16_t>(1 + i % 3),
                                  .response = i % 2 == 1,
                                  .client = "192.0.2." + std::to_string(i % 11),
                                  .time = i / 100 * 1.0,
                                  .tcp = i % 3 == 0,
                                  .ordinal = i}));
  return input;
}

/// What the reducers of one monitor count in three windows, as JSON texts.
std::vector<std::string> counted(const std::vector<ReducerConfig>& reducers, const std::vector<Packet>& input) {
  std::vector<std::string> texts(reducers.size());
  const Context context;
  auto windows = Windows::make({.seconds = 1, .lateness_seconds = 0}, reducers, context, Budget::unlimited,
                               [&](ClosingWindow& closing) {
                                 tests::ClosedWindow window(closing);
                                 for (std::size_t i = 0; i < texts.size(); ++i)
                                   texts[i] += summary::data_json(window.data[i]).dump() + "\n";
                               });
  EXPECT_TRUE(windows);
  for (const Packet& packet : input)
    if (packet.ordinal % 100 == 0) {
      (*windows)->advance(packet.time);
      (*windows)->add(0, std::span(input).subspan(packet.ordinal, 100));
    }
  (*windows)->finish();
  return texts;
}

/// Columns are computed once for all and only for packets that somebody asks about: nobody may see that.
TEST(Plan, Reducers_see_the_same_together_as_alone) {
  const std::vector<std::vector<std::string>> conditions = {
      {}, {"query"}, {"response"}, {"query", "tcp"}, {"query", "idn"}, {"query", "not idn"}, {"idn", "query"}, {"tcp"}};
  const std::vector<std::vector<std::string>> dimensions = {
      {"qtype"}, {"qname"}, {"client"}, {"client_prefix:24:48"}, {"tld", "qtype"}, {"idn", "client"}};
  Packets packets;
  std::vector<Packet> complete = sample(packets), lacking = complete;
  lacking[17] = packets.make({.name = "", .ordinal = 17});
  lacking[200].lacks.add(util::Member::flags);
  for (const auto& input : {complete, lacking}) {
    std::vector<ReducerConfig> together;
    std::vector<std::string> alone;
    for (const auto& where : conditions)
      for (const auto& by : dimensions) {
        const ReducerConfig config{.type = "count_by", .by = by, .where = where};
        together.push_back(config);
        alone.push_back(counted({config}, input).at(0));
      }
    const ReducerConfig measured{
        .type = "count_by", .by = {"qtype"}, .where = {"response"}, .measure = {"distinct:qname"}};
    together.push_back(measured);
    alone.push_back(counted({measured}, input).at(0));
    EXPECT_EQ(counted(together, input), alone);
  }
}

TEST(Plan, A_column_is_for_all_who_look_at_it_and_no_wider) {
  const auto where = [](std::vector<const char*> names) {
    std::vector<ConditionUse> uses;
    for (const char* name : names) uses.push_back(*read_condition(name));
    return uses;
  };
  Plan plan;
  const DimensionUse qtype = *read_dimension("qtype");
  const std::size_t queries = plan.selection(where({"query"})), by_tcp = plan.selection(where({"query", "tcp"})),
                    idn = plan.selection(where({"query", "idn"})), responses = plan.selection(where({"response"}));
  const std::size_t column = plan.code_column(qtype, by_tcp);
  EXPECT_EQ(plan.codes()[column].among, by_tcp);
  EXPECT_EQ(plan.code_column(qtype, idn), column);
  EXPECT_EQ(plan.codes()[column].among, queries);
  EXPECT_EQ(plan.code_column(qtype, responses), column);
  EXPECT_EQ(plan.codes()[column].among, Plan::Selection::every_packet);
}

}  // namespace
}  // namespace rata::reduce
