#include "reduce/builtin/presets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>

#include "dns/message.h"
#include "dns/name.h"
#include "reduce/builtin/gauges.h"
#include "summary/merge.h"
#include "support/packets.h"
#include "support/reducers.h"

namespace rata::reduce {
namespace {

using tests::Packets;
using tests::Shards;

/// All of the older chain.
constexpr std::string_view older_names[] = {"PacketsPerSecond",
                                            "QueriesPerSecond",
                                            "AnswersPerSecond",
                                            "PacketsQueriesAndAnswersPerSecond",
                                            "NameCounter",
                                            "QueriesNameCounter",
                                            "AnswersNameCounter",
                                            "TopN",
                                            "TopNQ",
                                            "TopNPP",
                                            "QtypeVSQnamelen",
                                            "QtypeVSTld",
                                            "IdnQname",
                                            "IdnVSTld",
                                            "CertainQnamesVSQtype",
                                            "ChaosTypesAndNames",
                                            "QueriesWithUnderscoredName",
                                            "PacketHasUnderscore",
                                            "Identity",
                                            "OnlyQueries",
                                            "OnlyAnswers",
                                            "NullPreR",
                                            "PacketSummary",
                                            "AlonePackets",
                                            "RdBit",
                                            "TcBit",
                                            "DoBit",
                                            "Opcode",
                                            "Rcode",
                                            "Qtype",
                                            "EdnsVersion",
                                            "EdnsBufsiz",
                                            "TrafficSizesQueries",
                                            "TrafficSizesResponses",
                                            "TrafficVolumeQueries",
                                            "TrafficVolumeResponses",
                                            "TransportVSQtype",
                                            "DnsIpVersionVSQtype",
                                            "RcodeVSReplylen",
                                            "DirectionVSIpproto",
                                            "ClientSubnet",
                                            "ClientSubnet2",
                                            "ClientAddrVSRcode",
                                            "Ipv6RsnAbusers"};

ReducerConfig config_of(std::string_view type) {
  ReducerConfig config{.type = std::string(type)};
  if (type.starts_with("TopN")) config.n = 3;
  return config;
}

/// Messages of real octets, with few names, clients and ids, so that they meet.
class Traffic {
 public:
  explicit Traffic(unsigned seed) : random_(seed) {}

  std::vector<Packet> make(std::size_t count) {
    std::vector<Packet> packets;
    for (std::size_t i = 0; i < count; ++i) packets.push_back(next(i));
    return packets;
  }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  template <typename T, std::size_t n>
  const T& one_of(const T (&items)[n]) {
    return items[below(n)];
  }

  Packet next(std::uint64_t ordinal) {
    static const char* const names[] = {"www.Example",        "a_b.example",  ".", "xn--bcher-kva.example", "localhost",
                                        "a.root-servers.net", "version.bind", ""};
    static const std::uint16_t types[] = {1, 2, 15, 16, 21, 28, 38, 65280};
    static const std::uint16_t classes[] = {1, 1, 1, 3, 7};
    Packet packet = packets_.make({.name = one_of(names),
                                   .qtype = one_of(types),
                                   .response = below(2) == 0,
                                   .client = "198.51.100." + std::to_string(below(8)),
                                   .id = static_cast<std::uint16_t>(below(4)),
                                   .tcp = below(4) == 0,
                                   .ordinal = ordinal});
    packet.message.qclass = one_of(classes);
    packet.message.flags = static_cast<std::uint16_t>(packet.message.flags | below(0x800));
    wire(packet);
    return packet;
  }

  void wire(Packet& packet) {
    const dns::Message& message = packet.message;
    auto& octets = octets_.emplace_back();
    const auto put = [&octets](std::uint32_t word) {
      octets.push_back(static_cast<std::uint8_t>(word >> 8));
      octets.push_back(static_cast<std::uint8_t>(word));
    };
    const bool opt = below(2) == 0;
    for (const std::uint32_t word : {std::uint32_t{message.id}, std::uint32_t{message.flags},
                                     std::uint32_t{message.question_count}, 0u, 0u, opt ? 1u : 0u})
      put(word);
    if (message.has_question()) {
      octets.insert(octets.end(), message.qname.begin(), message.qname.end());
      put(message.qtype);
      put(message.qclass);
    }
    if (opt) {
      octets.push_back(0);
      for (const std::uint32_t word : {41u, below(6000), 0u, below(2) << 15, 0u}) put(word);
    }
    EXPECT_EQ(dns::parse(octets, packet.message), dns::Malformed::none);
  }

  std::mt19937 random_;
  Packets packets_;
  std::deque<std::vector<std::uint8_t>> octets_;
};

TEST(Presets, All_reducers_of_the_older_chain_are_in_the_registry) {
  EXPECT_EQ(std::size(older_names), 44u);
  for (const std::string_view name : older_names) EXPECT_NE(find_reducer_type(name), nullptr) << name;
}

TEST(Presets, Every_reducer_can_be_made_and_names_are_there_once) {
  std::set<std::string_view> names;
  for (const ReducerType* type : reducer_types()) {
    EXPECT_TRUE(names.insert(type->name).second) << type->name;
    EXPECT_FALSE(type->help.empty());
    EXPECT_FALSE(type->rows.empty());
    ReducerConfig config = config_of(type->name);
    if (type->name == "count_by") config.by = {"qname"};
    Shards{config};
  }
}

TEST(Presets, Give_one_answer_for_any_number_of_shards) {
  Traffic traffic(1);
  const auto packets = traffic.make(3000);
  for (const std::string_view name : older_names) {
    std::string expected;
    for (const std::size_t count : {1u, 2u, 3u, 8u}) {
      Shards shards(config_of(name), count);
      // Both directions between two hosts meet in one shard.
      for (const Packet& packet : packets) shards.add(packet.client.octets[3] % count, {&packet, 1});
      const std::string json = summary::data_json(shards.take()).dump();
      if (count == 1) expected = json;
      EXPECT_EQ(json, expected) << name << ", " << count << " shards";
    }
    EXPECT_TRUE(expected.size() > 8 || name == "NullPreR") << name << expected;
  }
}

TEST(Presets, A_window_leaves_nothing_to_the_next) {
  Traffic traffic(2);
  const auto packets = traffic.make(500);
  for (const std::string_view name : older_names) {
    Shards shards(config_of(name), 2);
    const std::string empty = summary::data_json(shards.take()).dump();
    for (const Packet& packet : packets) shards.add(packet.client.octets[3] % 2, {&packet, 1});
    const std::string first = summary::data_json(shards.take()).dump();
    EXPECT_EQ(summary::data_json(shards.take()).dump(), empty) << name;
    for (const Packet& packet : packets) shards.add(packet.client.octets[3] % 2, {&packet, 1});
    EXPECT_EQ(summary::data_json(shards.take()).dump(), first) << name;
  }
}

TEST(Presets, Windows_merge_to_what_one_long_window_says_where_the_law_is_exact) {
  Traffic traffic(3);
  const auto packets = traffic.make(2000);
  for (const std::string_view name : older_names) {
    ReducerConfig config = config_of(name);
    if (name.starts_with("TopN")) config.n = 100;
    Shards whole(config), parts(config);
    whole.add(0, packets);
    summary::Data merged;
    for (std::size_t i = 0; i < 4; ++i) {
      parts.add(0, std::span(packets).subspan(i * 500, 500));
      summary::Data part = parts.take(0.25);
      if (i == 0)
        merged = std::move(part);
      else
        ASSERT_TRUE(summary::merge(merged, std::move(part), summary::Relation::consecutive)) << name;
    }
    const auto expected = summary::data_json(whole.take(1)), json = summary::data_json(merged);
    if (name == "AlonePackets") {
      // How many are alone is exact; which of equal ones, not: a window knows nothing of those before it.
      EXPECT_EQ(json["queries"], expected["queries"]);
      EXPECT_EQ(json["AloneQueries"].size(), expected["AloneQueries"].size());
      EXPECT_EQ(json["AloneAnswers"].size(), expected["AloneAnswers"].size());
      continue;
    }
    EXPECT_EQ(json, expected) << name;
  }
}

TEST(Presets, Options_that_cannot_be_are_refused_with_what_would_be) {
  const struct {
    ReducerConfig config;
    const char* says;
  } cases[] = {
      {{.type = "TopN"}, "needs n = 10"},
      {{.type = "QtypeVSTld", .limit = {1, 2}}, "limit is one number here: keys that stay, in each of the first"},
      {{.type = "ClientSubnet2", .limit = {1, 2}}, "limit is one number here"},
      {{.type = "ClientSubnet", .prefix = {24}}, "prefix is two numbers"},
      {{.type = "ClientSubnet", .prefix = {33, 48}}, "33:48"},
      {{.type = "AlonePackets", .limit = {1, 2}}, "limit is one number here"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"cuont"}},
       "there is no measure \"cuont\"; did you mean \"count\"? There "
       "are: count, octets, distinct:DIMENSION, "},
      {{.type = "count_by", .by = {"qname"}, .measure = {"count:client"}}, "there is no measure \"count:client\""},
      {{.type = "count_by", .by = {"qname"}, .measure = {"distinct"}},
       "\"distinct\" lacks its dimension: distinct:DIMENSION, such as distinct:client"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"quantiles:"}}, "such as quantiles:message_size"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"top"}}, "such as top:qname:10"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"quantiles:edns_size:512"}},
       "quantiles are of the numbers themselves, not of buckets: quantiles:edns_size"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"top:client"}}, "is no top:DIMENSION:N"},
      {{.type = "count_by", .by = {"qname"}, .measure = {"distinct:cleint"}}, "there is no dimension \"cleint\""},
      {{.type = "count_by", .by = {"qname"}, .measure = {"quantiles:client"}},
       "the values of client are no numbers; those of these are: qname_length, label_count, message_size, "},
      {{.type = "count_by", .by = {"qname"}, .measure = {"octets", "octets"}}, "stands there twice"},
  };
  for (const auto& test : cases) {
    const Context context;
    Plan plan;
    Surroundings around{context, plan};
    const auto made = make_reducer(test.config, around);
    ASSERT_FALSE(made) << test.says;
    EXPECT_NE(made.error().message.find(test.says), std::string::npos) << made.error().message;
  }
}

TEST(Presets, An_alone_message_beyond_the_limit_is_counted_as_left_out) {
  Packets packets;
  std::vector<Packet> input;
  for (std::uint16_t id = 0; id < 10; ++id) input.push_back(packets.make({.id = id}));
  Shards shards({.type = "AlonePackets", .limit = {4}});
  shards.add(0, input);
  const auto alone = std::get<summary::Alone>(shards.take());
  EXPECT_EQ(alone.queries, 10u);
  EXPECT_EQ(alone.alone_queries.size(), 4u);
  EXPECT_EQ(alone.left_out, 6u);
  // What has left makes room again.
  std::vector<Packet> pairs;
  for (std::uint16_t id = 0; id < 100; ++id)
    for (const bool response : {false, true}) pairs.push_back(packets.make({.response = response, .id = id}));
  shards.add(0, pairs);
  const auto none = std::get<summary::Alone>(shards.take());
  EXPECT_EQ(none.answers, 100u);
  EXPECT_EQ(none.alone_queries.size() + none.alone_answers.size() + none.left_out, 0u);
}

TEST(Presets, A_list_takes_no_more_memory_than_the_budget_has) {
  Context context;
  Plan plan;
  Budget budget(20'000);
  Surroundings around{context, plan, &budget};
  auto list = std::move(*make_reducer({.type = "TopKWithIP"}, around));
  Batch batch(plan, context);
  Packets packets;
  std::vector<Packet> input;
  for (int i = 0; i < 500; ++i) input.push_back(packets.make({}));
  for (std::size_t i = 0; i < input.size(); i += 100) {
    batch.assign(std::span(input).subspan(i, 100));
    list->add(batch);
  }
  EXPECT_LE(budget.used(), 20'000u);
  const auto records = std::get<summary::Records>(list->take(1));
  EXPECT_EQ(records.records.size() + records.left_out, 500u);
  EXPECT_GT(records.left_out, 0u);
  EXPECT_EQ(budget.used(), 0u);
}

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

TEST(Measures, Have_the_same_octets_for_any_number_of_shards_and_only_the_seed_changes_them) {
  Traffic traffic(4);
  const auto packets = traffic.make(3000);
  const ReducerConfig config{
      .type = "count_by",
      .by = {"transport", "qtype"},
      .where = {"query"},
      .measure = {"distinct:qname", "distinct:client", "quantiles:message_size", "top:client:3"}};
  std::string expected;
  for (const std::size_t count : {1u, 2u, 5u}) {
    Shards shards(config, count);
    shards.deal(packets);
    const std::string json = summary::data_json(shards.take()).dump();
    if (count == 1) expected = json;
    EXPECT_EQ(json, expected);
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

TEST(Malformed, Queries_count_by_reason_and_client_in_the_reducers_that_ask) {
  const MalformedMessage query{.reason = dns::Malformed::cut_name, .source = Packets::address("198.51.100.1")};
  MalformedMessage response = query;
  response.query = false;
  MalformedMessage unknown = query;
  unknown.lacks = {util::Member::source};
  MalformedMessage opaque = query;
  opaque.source_text = "Host-A-7";
  const std::pair<const char*, const char*> cases[] = {
      {"MalformedQueries", R"({"cut_name":{"198.51.100.1":2,"Host-A-7":1}})"},
      {"ClientSubnet2", R"({"malformed":{"Host-A-7":1,"c6336401":2}})"},
      {"QueriesNameCounter", "{}"}};
  for (const auto& [type, json] : cases) {
    Shards shards({.type = type}, 2);
    for (const auto& message : {query, response, unknown, opaque}) shards[0].add_malformed(message);
    shards[1].add_malformed(query);
    EXPECT_EQ(summary::data_json(shards.take()).dump(), json);
  }
}

}  // namespace
}  // namespace rata::reduce
