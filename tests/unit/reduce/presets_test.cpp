#include "reduce/builtin/presets.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <set>
#include <string>

#include "dns/message.h"
#include "dns/name.h"
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
