// Messages on their way to a script: what FieldWriter writes and BlockReader reads, beside what the dimensions say.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "support/script_messages.h"

namespace rata::script {
namespace {

using reduce::AnonymizerConfig;
using reduce::Context;
using reduce::Packet;
using tests::Bytes;
using tests::Messages;
using tests::operator+;
using tests::no_value;
using tests::ScriptMessages;
using util::Member;

/// All there are, and some with an argument.
std::vector<std::string> every_field() {
  std::vector<std::string> names = {"message_size:64",  "edns_size:512",      "client_port:1024", "response_time:log2",
                                    "response_time:50", "client_prefix:8:32", "levels:1",         "levels:5"};
  for (const FieldRow& row : field_rows()) names.emplace_back(row.name);
  return names;
}

const std::string longest_name =
    std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd') + ".";
const Bytes ecs = {0, 1, 20, 0, 198, 51, 96};  // 198.51.96.0/20
const Bytes cookie = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

/// Messages of all kinds, each of which says all there is to say.
std::vector<Packet> random_packets(Messages& messages, std::uint32_t seed, std::size_t count) {
  std::mt19937 random(seed);
  const auto one_of = [&]<typename T, std::size_t n>(const T(&all)[n]) { return all[random() % n]; };
  std::vector<Packet> packets;
  while (packets.size() < count) {
    const bool v6 = random() % 3 == 0;
    tests::MessageText text{
        .qname = one_of({std::string("www.example."), std::string("a.b.c.d.example.org."), std::string("."),
                         std::string("WWW.Example."), std::string("xn--bcher-kva.example."), std::string("localhost."),
                         std::string("j.root-servers.net."), longest_name}),
        .qtype = one_of({1u, 2u, 28u, 15u, 65280u}),
        .qclass = one_of({1u, 1u, 3u}),
        .flags = one_of({0x0100u, 0x0000u, 0x8180u, 0x8583u, 0x8600u, 0x2810u}),
        .client = v6 ? one_of({"2001:db8::1", "2001:db8:1:2::3"}) : one_of({"192.0.2.1", "203.0.113.77"}),
        .server = v6 ? "2001:db8::53" : "192.0.2.53",
        .client_port = static_cast<std::uint16_t>(random()),
        .transport = one_of({util::Transport::udp, util::Transport::tcp, util::Transport::dot}),
        .time_ns = static_cast<std::int64_t>(1'700'000'000'000'000'000u + random()),
        .id = static_cast<unsigned>(random() % 65'536),
    };
    if (random() % 2 == 0) {
      Bytes options;
      if (random() % 2 == 0) options = options + tests::option(8, ecs);
      if (random() % 2 == 0) options = options + tests::option(10, cookie);
      if (random() % 3 == 0) options = options + tests::option(3, tests::octets_of("ns1"));
      if (random() % 3 == 0) options = options + tests::option(15, tests::word(3) + tests::octets_of("stale"));
      text.opt.push_back(
          {.size = one_of({0u, 512u, 1232u, 65535u}), .dnssec_ok = random() % 2 == 0, .options = options});
    }
    Packet& packet = packets.emplace_back(messages.make(text));
    if (packet.message.is_response() && random() % 2 == 0) packet.response_ns = random();
    if (random() % 8 == 0) packet.client_text = one_of({"someone", "abc", "fifteen octets."});
  }
  return packets;
}

/// Sources that do not say everything, and messages that ask nothing.
std::vector<Packet> lacking_packets(Messages& messages, std::uint32_t seed, std::size_t count) {
  std::mt19937 random(seed);
  std::vector<Packet> packets = random_packets(messages, seed, count);
  for (Packet& packet : packets) {
    if (random() % 4 == 0) packet = messages.make({.qname = "", .flags = random() % 2 == 0 ? 0x0100u : 0x8180u});
    for (std::uint32_t left = random() % 4; left > 0; --left)
      packet.lacks.add(static_cast<Member>(random() % static_cast<std::uint32_t>(Member::count_)));
  }
  return packets;
}

std::uint32_t plain_number(const std::string& name, const Packet& packet) {
  if (name == "id") return packet.message.id;
  if (name == "flags") return packet.message.flags;
  return name == "qtype_number" ? packet.message.qtype : packet.message.answer_count;
}

/// What a script is to see, by what the dimensions and conditions say of the packet.
std::string expected(const Field& field, const Packet& packet, const Context& context) {
  if (reduce::missing(packet, field.needs())) return std::string(no_value);
  if (field.form == Field::Form::time) return std::to_string(static_cast<double>(packet.time.ns) / 1e9);
  if (field.form == Field::Form::flag) return tests::holds(field.name, packet) ? "yes" : "no";
  if (field.of != nullptr) return std::to_string(plain_number(field.name, packet));
  if (field.form != Field::Form::number) return tests::value_of(field.name, packet, context);
  const bool has_buckets = field.use.dimension->read_argument != nullptr;
  const std::string text = tests::value_of(field.name + (has_buckets ? ":1" : ""), packet, context);
  return text == "none" ? std::string(no_value) : text;
}

void expect_all(const std::vector<Packet>& packets, const Context& context, const std::string& where = "") {
  const ScriptMessages messages(every_field(), packets, context, where);
  std::vector<Packet> chosen;
  for (const Packet& packet : packets)
    if (where.empty() || tests::holds(where, packet)) chosen.push_back(packet);
  ASSERT_EQ(messages.size(), chosen.size());
  ASSERT_GT(chosen.size(), 10u);
  std::size_t values = 0;
  for (std::size_t number = 0; number < messages.fields().size(); ++number)
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      const std::string text = expected(messages.fields()[number], chosen[i], context);
      ASSERT_EQ(messages.text(number, i), text) << messages.fields()[number].name << " of message " << i;
      values += text != no_value;
    }
  EXPECT_GT(values, chosen.size() * messages.fields().size() / 4);
}

TEST(ScriptMessages, Have_in_every_field_what_the_dimensions_say) {
  Messages messages;
  expect_all(random_packets(messages, 1, 300), {});
}

TEST(ScriptMessages, Have_nothing_where_the_source_said_nothing) {
  Messages messages;
  expect_all(lacking_packets(messages, 2, 300), {});
}

// What is not chosen has no values in the columns of a batch.
TEST(ScriptMessages, Are_those_that_were_chosen) {
  Messages messages;
  for (const char* where : {"response", "edns", "tcp"}) {
    expect_all(random_packets(messages, 3, 200), {}, where);
    expect_all(lacking_packets(messages, 4, 200), {}, where);
  }
}

TEST(ScriptMessages, Have_addresses_as_they_may_leave) {
  using Method = AnonymizerConfig::Method;
  for (const auto method : {Method::truncate, Method::hash, Method::crypto_pan}) {
    Context context;
    context.anonymizer = *reduce::Anonymizer::make({.method = method});
    Messages messages;
    expect_all(random_packets(messages, 5, 100), context);
    expect_all(lacking_packets(messages, 6, 100), context);
  }
}

TEST(ScriptMessages, Hold_no_trace_of_an_address_that_is_hidden) {
  Messages messages;
  Packet packet =
      messages.make({.opt = {{.options = tests::option(8, ecs)}}, .client = "203.0.113.77", .server = "203.0.113.53"});
  std::vector<std::string> texts;
  for (const FieldRow& row : field_rows())
    if (find_field(row.name)->form == Field::Form::text) texts.emplace_back(row.name);
  const auto tell_it = [&](const Context& context) {
    const ScriptMessages seen(texts, {&packet, 1}, context);
    std::vector<std::string> telling;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      const rata_octets& octets = seen.columns()[i].octets[0];
      const std::string raw(octets.octets, octets.size == UINT32_MAX ? 0 : octets.size);
      for (const char* part : {"\xcb\x00\x71", "203.0.113", "\xc6\x33\x60", "198.51.96"})
        if (raw.find(std::string_view(part, part[1] == 0 ? 3 : std::strlen(part))) != std::string::npos)
          telling.push_back(texts[i]);
    }
    return telling;
  };
  EXPECT_EQ(tell_it({}).size(), 5u);
  Context context;
  context.anonymizer = *reduce::Anonymizer::make({.method = AnonymizerConfig::Method::hash});
  EXPECT_EQ(tell_it(context), std::vector<std::string>{});
}

TEST(ScriptMessages, Read_as_people_expect) {
  Messages messages;
  std::vector<Packet> packets = {
      messages.make({.qname = "WWW.Example.", .qtype = 28, .client_port = 4711, .time_ns = 1'500'000'000, .id = 77}),
      messages.make({.flags = 0x8583, .opt = {{.size = 1232, .dnssec_ok = true}}, .transport = util::Transport::tcp}),
      messages.make({.qname = ""}),
  };
  packets[1].response_ns = 1'234'567;
  packets[2].lacks = {Member::time, Member::source, Member::id};
  const struct {
    const char* field;
    std::string_view of_first, of_second, of_third;
  } cases[] = {
      {"qname", "www.example.", "www.example.", no_value},
      {"levels:1", "example.", "example.", no_value},
      {"qtype", "AAAA", "A", no_value},
      {"qtype_number", "28", "1", no_value},
      {"client", "192.0.2.1", "192.0.2.1", no_value},
      {"server", "192.0.2.53", "192.0.2.53", "192.0.2.53"},
      {"client_port", "4711", "5000", "5000"},
      {"client_port:1024", "4096-5119", "4096-5119", "4096-5119"},
      {"message_size", "29", "40", "12"},
      {"message_size:64", "0-63", "0-63", "0-63"},
      {"edns_size", no_value, "1232", no_value},
      {"edns_size:512", "none", "1024-1535", "none"},
      {"response_time", no_value, "1234", no_value},
      {"response_time:log10", no_value, "1000-9999", no_value},
      {"do", "no", "yes", "no"},
      {"aa", "no", "yes", "no"},
      {"query", "yes", "no", "yes"},
      {"tcp", "no", "yes", "no"},
      {"id", "77", "1", no_value},
      {"flags", "256", "34179", "256"},
      {"time", "1.500000", "0.000000", no_value},
  };
  std::vector<std::string> names;
  for (const auto& one : cases) names.emplace_back(one.field);
  const ScriptMessages seen(names, packets);
  for (std::size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(seen.text(i, 0), cases[i].of_first) << names[i];
    EXPECT_EQ(seen.text(i, 1), cases[i].of_second) << names[i];
    EXPECT_EQ(seen.text(i, 2), cases[i].of_third) << names[i];
  }
}

TEST(ScriptMessages, What_is_missing_is_told_in_each_column_in_its_own_way) {
  Messages messages;
  Packet packet = messages.make({.qname = ""});
  packet.lacks = {Member::time, Member::flags, Member::id};
  const ScriptMessages seen({"rd", "id", "qtype", "qname", "client", "time", "server"}, {&packet, 1});
  for (const std::size_t coded : {0u, 1u, 2u}) EXPECT_EQ(seen.columns()[coded].codes[0], reduce::no_code) << coded;
  for (const std::size_t text : {3u, 4u, 6u}) EXPECT_EQ(seen.columns()[text].octets[0].size, UINT32_MAX) << text;
  EXPECT_TRUE(std::isnan(seen.columns()[5].times[0]));
}

TEST(ScriptMessages, The_longest_name_arrives_whole) {
  Messages messages;
  const std::vector<Packet> packets(128, messages.make({.qname = longest_name}));
  const ScriptMessages seen({"qname", "levels:127", "id"}, packets);
  ASSERT_EQ(seen.size(), packets.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ(seen.columns()[0].octets[i].size, 255u);
    EXPECT_EQ(seen.text(0, i), longest_name);
    EXPECT_EQ(seen.text(1, i), longest_name);
  }
}

}  // namespace
}  // namespace rata::script
