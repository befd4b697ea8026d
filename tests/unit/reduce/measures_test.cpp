#include "reduce/builtin/measure_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "reduce/builtin/gauges.h"
#include "support/packets.h"
#include "support/reducers.h"

namespace rata::reduce {
namespace {

using tests::Packets;
using tests::Shards;

TEST(Measures, Say_more_of_each_key_than_how_many) {
  Packets packets;
  std::vector<std::uint8_t> octets(60);
  std::vector<Packet> input;
  for (const char* client : {"192.0.2.1", "192.0.2.2", "192.0.2.1"}) {
    input.push_back(packets.make({.name = "www.example", .client = client}));
    input.back().message.octets = octets;
  }
  input.push_back(packets.make({.name = "a.example", .qtype = 28, .client = "192.0.2.9"}));
  const ReducerConfig config{
      .type = "count_by",
      .by = {"qtype"},
      .measure = {"count", "octets", "distinct:client", "quantiles:message_size", "top:qname:2"}};
  for (const std::size_t count : {1u, 2u, 3u}) {
    Shards shards(config, count);
    shards.deal(input);
    auto json = summary::data_json(shards.take());
    for (auto& [type, values] : json.items()) values["distinct:client"].erase("sparse");
    EXPECT_EQ(
        json.dump(),
        R"({"A":{"count":3,"octets":180,"distinct:client":{"estimate":2},"quantiles:message_size":)"
        R"({"count":3,"p50":60.0,"p90":60.0,"p99":60.0,"max":60,"buckets":[[60,3]]},"top:qname:2":{"error":0,"top":[["www.example.",3]]}},)"
        R"("AAAA":{"count":1,"octets":0,"distinct:client":{"estimate":1},"quantiles:message_size":)"
        R"({"count":1,"p50":0.0,"p90":0.0,"p99":0.0,"max":0,"buckets":[[0,1]]},"top:qname:2":{"error":0,"top":[["a.example.",1]]}}})");
    EXPECT_EQ(summary::data_json(shards.take()).dump(), "{}");
  }
}

TEST(Measures, Quantiles_leave_out_those_who_have_none) {
  Packets packets;
  std::vector<Packet> input(4, packets.make({}));
  for (std::size_t i = 1; i < input.size(); ++i) {
    input[i].message.edns.present = true;
    input[i].message.edns.udp_size = i == 1 ? 0 : 4096;
  }
  Shards shards({.type = "count_by", .by = {"qtype"}, .measure = {"quantiles:edns_size", "quantiles:cookie_length"}});
  shards.add(0, input);
  const auto json = summary::data_json(shards.take());
  EXPECT_EQ(json["A"]["quantiles:edns_size"].dump(),
            R"({"count":3,"p50":4096.0,"p90":4096.0,"p99":4096.0,"max":4096,"buckets":[[0,1],[768,2]]})");
  EXPECT_EQ(json["A"]["quantiles:cookie_length"]["count"], 0);
}

TEST(Measures, Quantiles_can_be_told_of_every_number_and_of_nothing_else) {
  const Context context;
  for (const Dimension& dimension : dimensions()) {
    const auto gauge = Gauge::read("quantiles:" + std::string(dimension.name));
    ASSERT_EQ(static_cast<bool>(gauge), dimension.quantity != Quantity::none) << dimension.name;
    if (!gauge) continue;
    // The text of a code is the number that counts.
    const Look look{context, gauge->use.argument};
    const std::uint32_t none = dimension.quantity == Quantity::after_none ? 1 : 0;
    for (const std::uint32_t number : {0u, 1u, 7u, 40u})
      EXPECT_EQ(dimension.code_text(number + none, look), std::to_string(number)) << dimension.name;
  }
}

TEST(Measures, Quantiles_of_response_times_are_those_of_microseconds) {
  Packets packets;
  std::vector<Packet> input = {packets.make({.response = true}), packets.make({.response = true}), packets.make({})};
  input[0].response_ns = 1'500'000;
  input[1].response_ns = 90'000;
  Shards shards({.type = "count_by", .by = {"qtype"}, .measure = {"quantiles:response_time"}});
  shards.add(0, input);
  const auto json = summary::data_json(shards.take());
  EXPECT_EQ(json["A"]["quantiles:response_time"]["count"], 2);
  EXPECT_EQ(json["A"]["quantiles:response_time"]["max"], 1500);
  EXPECT_EQ(json["A"]["quantiles:response_time"]["p50"], 1500.0);
}

TEST(Measures, Are_bounded_and_what_went_is_summed_up) {
  Packets packets;
  std::vector<Packet> input;
  for (int i = 0; i < 3000; ++i) input.push_back(packets.make({.name = "n" + std::to_string(i % 10 ? i % 7 : i)}));
  Shards shards({.type = "count_by", .by = {"qname"}, .cells = 50, .measure = {"distinct:client"}});
  shards.add(0, input);
  const auto measures = std::get<summary::Measures>(shards.take());
  EXPECT_LE(measures.counts.rows.size(), 50u);
  EXPECT_GT(measures.counts.error, 0u);
  std::uint64_t sum = 0;
  for (const auto& row : measures.counts.rows) sum += row.count;
  for (const auto& rest : measures.counts.rest) sum += rest.count;
  EXPECT_EQ(sum, 3000u);

  const Context context;
  Plan plan;
  Budget budget(100'000);
  Surroundings around{context, plan, &budget};
  auto reducer = std::move(
      *make_reducer({.type = "count_by", .by = {"qname"}, .measure = {"distinct:client", "top:client:5"}}, around));
  Batch batch(plan, context);
  for (std::size_t i = 0; i < input.size(); i += 100) {
    batch.assign(std::span(input).subspan(i, 100));
    reducer->add(batch);
    budget.settle();
    EXPECT_LE(budget.used(), 100'000u);
  }
  reducer->take(1);
  EXPECT_EQ(budget.used(), 0u);
}

TEST(Measures, A_top_of_few_counters_says_what_its_values_may_lack) {
  Packets packets;
  std::vector<Packet> input;
  std::map<std::string, std::uint64_t> truth;
  for (int i = 0; i < 4000; ++i) {
    const std::string name = "n" + std::to_string(i % 3 == 0 ? i % 7 : i % 1000);
    input.push_back(packets.make({.name = name}));
    ++truth[name + "."];
  }
  Shards shards({.type = "count_by", .by = {"qtype"}, .measure = {"top:qname:3"}});
  shards.add(0, input);
  const summary::Data data = shards.take();
  const auto& top = std::get<summary::Top>(std::get<summary::Measures>(data).values.at(0).at(0));
  const auto json = summary::data_json(data)["A"]["top:qname:3"];
  EXPECT_GT(top.error(), 0u);
  EXPECT_EQ(json["error"], top.error());
  EXPECT_EQ(summary::key_error(data), top.error());
  for (const auto& pair : json["top"]) {
    EXPECT_LE(pair[1].get<std::uint64_t>(), truth[pair[0]]);
    EXPECT_GE(pair[1].get<std::uint64_t>() + top.error(), truth[pair[0]]);
  }
}

TEST(Measures, A_key_that_went_and_comes_back_says_what_its_top_may_lack) {
  Packets packets;
  for (const std::size_t count : {1u, 2u}) {
    Shards shards({.type = "count_by", .by = {"qname"}, .cells = 4 * count, .measure = {"top:client:5"}}, count);
    const auto add = [&](std::size_t shard, const std::string& name, int times) {
      const std::vector<Packet> input(static_cast<std::size_t>(times), packets.make({.name = name}));
      shards.add(shard, input);
    };
    add(0, "back", 3);
    for (const char* name : {"a", "b", "c"}) add(0, name, 9);
    add(0, "d", 1);             // the smaller half goes
    add(count - 1, "back", 5);  // and of it this one comes again, there or in another shard
    add(count - 1, "other", 2);
    const summary::Data data = shards.take();
    const auto& measures = std::get<summary::Measures>(data);
    ASSERT_GT(measures.counts.error, 0u);
    bool found = false;
    for (std::size_t i = 0; i < measures.values.size(); ++i) {
      const auto& top = std::get<summary::Top>(measures.values[i].at(0));
      if (measures.counts.rows[i].keys != std::vector<std::string>{"back."}) continue;
      found = true;
      EXPECT_EQ(top.entries.at(0).count, 5u);
      EXPECT_GE(top.entries.at(0).count + top.entries.at(0).extra, 8u);
    }
    EXPECT_TRUE(found);
  }
}

TEST(Measures, Rows_are_cut_by_the_memory_that_they_take_and_the_rest_is_summed_up) {
  Packets packets;
  std::vector<Packet> input;
  for (int client = 0; client < 100; ++client)
    for (int name = 0; name < 20 + client; ++name)
      input.push_back(packets.make(
          {.name = "n" + std::to_string(client * 1000 + name), .client = "192.0.2." + std::to_string(client)}));
  for (const std::size_t most_rows : {1u, 200u, 100'000u}) {
    Context context;
    context.most_rows = most_rows;
    Plan plan;
    Surroundings around{context, plan};
    auto reducer = std::move(*make_reducer(
        {.type = "count_by", .by = {"client", "qtype"}, .measure = {"distinct:qname", "top:qname:3"}}, around));
    Batch batch(plan, context);
    for (std::size_t i = 0; i < input.size(); i += 100) {
      batch.assign(std::span(input).subspan(i, std::min<std::size_t>(100, input.size() - i)));
      reducer->add(batch);
    }
    const auto measures = std::get<summary::Measures>(reducer->take(1));
    const auto& rows = measures.counts.rows;
    ASSERT_FALSE(rows.empty());
    ASSERT_EQ(rows.size(), measures.values.size());
    std::size_t octets = 0;
    for (std::size_t row = 0; row < rows.size(); ++row) octets += summary::row_octets(measures, row);
    EXPECT_LE(octets, std::max<std::size_t>(most_rows * 128, 16'384)) << most_rows;
    EXPECT_EQ(rows.size() == 100, most_rows == 100'000);
    EXPECT_EQ(rows.size() == 1, most_rows == 1);
    std::uint64_t sum = 0, least = input.size();
    for (const auto& row : rows) sum += row.count, least = std::min(least, row.count);
    for (const auto& rest : measures.counts.rest) {
      sum += rest.count;
      EXPECT_EQ(rest.keys + rows.size(), 100u);
      EXPECT_LE(rest.most, least);
    }
    EXPECT_EQ(sum, input.size());
    EXPECT_EQ(measures.values.size(), rows.size());
    // Each value still stands at its row: a client with n messages asked for n names.
    for (std::size_t row = 0; row < rows.size(); ++row)
      EXPECT_NEAR(std::get<summary::Distinct>(measures.values[row][0]).estimate(), static_cast<double>(rows[row].count),
                  static_cast<double>(rows[row].count) * 0.1);
  }
}

}  // namespace
}  // namespace rata::reduce
