#include "reduce/reducer.h"

#include <gtest/gtest.h>

#include "reduce/dimension.h"
#include "support/packets.h"
#include "support/reducers.h"

namespace rata::reduce {
namespace {

using tests::Packets;
using tests::Shards;

/// Runs a reducer over packets spread over `shards` instances as the pipeline does, and shows its data as JSON text.
std::string run(const ReducerConfig& config, const std::vector<Packet>& packets, std::size_t shards = 1,
                double seconds = 2) {
  Shards instances(config, shards);
  instances.deal(packets);
  const std::string json = summary::data_json(instances.take(seconds)).dump();
  const auto empty = instances[0].take(seconds);
  for (std::size_t i = 1; i < shards; ++i)
    EXPECT_EQ(summary::data_json(instances[i].take(seconds)), summary::data_json(empty)) << "not left empty";
  return json;
}

std::vector<Packet> sample(Packets& packets) {
  return {
      packets.make({.name = "a_B.CL", .qtype = 1, .client = "198.51.100.1", .ordinal = 0}),
      packets.make({.name = "www.example", .qtype = 28, .client = "198.51.100.2", .ordinal = 1}),
      packets.make({.name = "www.example", .qtype = 28, .response = true, .client = "198.51.100.2", .ordinal = 2}),
      packets.make({.name = "WWW.example", .qtype = 1, .client = "198.51.100.1", .tcp = true, .ordinal = 3}),
      packets.make({.name = "", .client = "198.51.100.3", .ordinal = 4}),
      packets.make({.name = "_sip._tcp.cl", .qtype = 33, .client = "198.51.100.1", .ordinal = 5}),
      packets.make({.name = "a_b.cl", .qtype = 15, .client = "198.51.100.2", .ordinal = 6}),
      packets.make({.name = ".", .qtype = 2, .client = "198.51.100.2", .ordinal = 7}),
      packets.make({.name = "www.example", .qtype = 1, .client = "198.51.100.1", .ordinal = 8}),
  };
}

TEST(Reducers, Presets_give_the_older_chains_output_for_any_number_of_shards) {
  const struct {
    const char* type;
    const char* json;
  } cases[] = {
      {"QueriesPerSecond", R"({"qps":4.0})"},
      {"AnswersPerSecond", R"({"aps":0.5})"},
      {"QueriesNameCounter", R"({".":1,"_sip._tcp.cl.":1,"a_b.cl.":2,"www.example.":3})"},
      {"QueriesSummary",
       R"([{"ip":"c6336401","queries":{"1":["a_b.cl.","www.example.","www.example."],"33":["_sip._tcp.cl."]}},)"
       R"({"ip":"c6336402","queries":{"28":["www.example."],"15":["a_b.cl."],"2":["."]}}])"},
      {"QueriesWithUnderscoredName",
       R"({"a_b.cl.":[{"sender":"c6336401","server":"c0000235","query":{"qname":"a_B.CL.","qtype":"1","qclass":"1"}},)"
       R"({"sender":"c6336402","server":"c0000235","query":{"qname":"a_b.cl.","qtype":"f","qclass":"1"}}]})"},
      {"TopKWithIP", R"({".":["c6336402"],"_sip._tcp.cl.":["c6336401"],"a_b.cl.":["c6336401","c6336402"],)"
                     R"("www.example.":["c6336402","c6336401","c6336401"]})"},
  };
  Packets packets;
  const auto input = sample(packets);
  for (const auto& test : cases)
    for (const std::size_t shards : {1u, 2u, 3u, 8u}) EXPECT_EQ(run({.type = test.type}, input, shards), test.json);
}

TEST(Reducers, An_empty_window_gives_empty_data) {
  const struct {
    const char* type;
    const char* json;
  } cases[] = {{"QueriesPerSecond", R"({"qps":0.0})"}, {"AnswersPerSecond", R"({"aps":0.0})"},
               {"QueriesNameCounter", "{}"},           {"QueriesSummary", "[]"},
               {"QueriesWithUnderscoredName", "{}"},   {"TopKWithIP", "{}"}};
  for (const auto& test : cases) EXPECT_EQ(run({.type = test.type}, {}), test.json);
}

TEST(Reducers, A_rate_over_no_time_is_zero) {
  Packets packets;
  EXPECT_EQ(run({.type = "QueriesPerSecond"}, sample(packets), 1, 0), R"({"qps":0.0})");
}

TEST(Reducers, Count_by_counts_by_dimensions_where_conditions_hold) {
  Packets packets;
  const auto input = sample(packets);
  EXPECT_EQ(run({.type = "count_by", .by = {"transport", "qtype"}, .where = {"query"}}, input, 3),
            R"({"tcp":{"A":1},"udp":{"A":2,"AAAA":1,"MX":1,"NS":1,"SRV":1}})");
  EXPECT_EQ(run({.type = "count_by", .by = {"client"}, .where = {"query", "udp"}}, input),
            R"({"198.51.100.1":3,"198.51.100.2":3,"198.51.100.3":1})");
  EXPECT_EQ(run({.type = "count_by", .by = {"rcode"}}, input), R"({"NOERROR":1})");
}

TEST(Reducers, A_limit_keeps_the_largest_and_sums_up_the_rest) {
  Packets packets;
  const auto input = sample(packets);
  EXPECT_EQ(run({.type = "count_by", .by = {"qname"}, .where = {"query"}, .limit = {2}}, input, 2),
            R"({"a_b.cl.":2,"www.example.":3,"-:SKIPPED:-":2,"-:SKIPPED_SUM:-":2})");
  EXPECT_EQ(run({.type = "count_by", .by = {"qname", "client"}, .where = {"query"}, .limit = {1, 1}}, input, 2),
            R"({"www.example.":{"198.51.100.1":2,"-:SKIPPED:-":1,"-:SKIPPED_SUM:-":1},)"
            R"("-:SKIPPED:-":3,"-:SKIPPED_SUM:-":4})");
}

TEST(Reducers, A_full_table_still_sums_to_all_messages) {
  Packets packets;
  std::vector<Packet> input;
  for (int i = 0; i < 5000; ++i) input.push_back(packets.make({.name = "n" + std::to_string(i % 997)}));
  Shards made({.type = "count_by", .by = {"qname"}, .cells = 64});
  made.add(0, input);
  const auto counts = std::get<summary::Counts>(made.take());
  std::uint64_t sum = 0;
  for (const auto& row : counts.rows) sum += row.count;
  for (const auto& rest : counts.rest) sum += rest.count;
  EXPECT_EQ(sum, input.size());
  EXPECT_LE(counts.rows.size(), 64u);
}

TEST(Reducers, Those_that_tie_with_the_last_one_shown_stay_as_far_as_there_is_room_for_rows) {
  Packets packets;
  std::vector<Packet> input;
  for (int i = 0; i < 1000; ++i) input.push_back(packets.make({.name = "n" + std::to_string(i)}));
  Context context;
  for (const std::size_t most_rows : {std::size_t{100}, std::size_t{5000}}) {
    context.most_rows = most_rows;
    Shards shown({.type = "TopN", .n = 10}, 1, context);
    shown.add(0, input);
    const auto top = std::get<summary::Top>(shown.take());
    EXPECT_EQ(top.entries.size(), std::min<std::size_t>(most_rows, 1000));
    EXPECT_EQ(top.absent, most_rows < 1000 ? 1u : 0u);
  }
}

TEST(Reducers, A_list_has_a_bound_and_says_what_it_left_out) {
  Packets packets;
  Shards made({.type = "TopKWithIP", .limit = {3}});
  made.add(0, sample(packets));
  const auto records = std::get<summary::Records>(made.take());
  EXPECT_EQ(records.records.size(), 3u);
  EXPECT_EQ(records.left_out, 4u);
}

TEST(Reducers, A_condition_may_have_blanks_around) {
  for (const char* text : {"not tcp", " not  tcp", "not tcp ", "not   tcp  "}) {
    const auto use = read_condition(text);
    ASSERT_TRUE(use) << text;
    EXPECT_TRUE(use->negated && use->condition == find_condition("tcp")) << text;
  }
  EXPECT_FALSE(read_condition("not not tcp") || read_condition("") || read_condition("not") ||
               read_condition("nottcp"));
}

TEST(Reducers, A_configuration_that_cannot_be_is_refused_with_what_would_be) {
  const struct {
    ReducerConfig config;
    const char* says;
  } cases[] = {
      {{.type = "count_by"}, "by: names 1 to 4"},
      {{.type = "count_by", .by = {"qnam"}},
       "there is no dimension \"qnam\"; did you mean \"qname\"? There are: qname, "},
      {{.type = "count_by", .by = {"qname"}, .where = {"queries"}},
       "there is no condition \"queries\"; did you mean \"query\"? There are: query, "},
      {{.type = "count_by", .by = {"qname"}, .where = {"not  tcpp"}},
       "there is no condition \"tcpp\"; did you mean \"tcp\"? There are: query, "},
      {{.type = "count_by", .by = {"qname"}, .where = {"!tcp"}}, "\"not\" may stand before each: \"not tcp\""},
      {{.type = "count_by", .by = {"qname"}, .limit = {1, 2}}, "limit: has 2 numbers for 1 dimensions"},
      {{.type = "TopKWithIP", .limit = {1, 2}}, "limit is one number here"},
  };
  for (const auto& test : cases) {
    const Context context;
    Plan plan;
    Surroundings around{context, plan};
    const auto made = make_reducer(test.config, around);
    ASSERT_FALSE(made);
    EXPECT_NE(made.error().message.find(test.says), std::string::npos) << made.error().message;
  }
}

}  // namespace
}  // namespace rata::reduce
