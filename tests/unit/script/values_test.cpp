// counter() and top_k() of scripts.

#include "script/host/values.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "support/packets.h"
#include "support/reducers.h"
#include "support/script_messages.h"

namespace rata::script {
namespace {

using reduce::Context;
using reduce::Packet;
using summary::Counts;
using summary::Top;
using tests::Packets;
using tests::ScriptMessages;

using Make = util::Result<std::unique_ptr<Value>>(const ValueOptions&, const ValueSurroundings&);

/// Names of unequal popularity.
std::vector<Packet> some_packets(Packets& packets, std::size_t count) {
  std::mt19937 random(11);
  const std::uint16_t types[] = {1, 1, 28, 15, 2, 65280};
  std::vector<Packet> made;
  while (made.size() < count) {
    const std::string number = std::to_string(std::min(random() % 40, random() % 40));
    made.push_back(packets.make({.name = "n" + number + (random() % 3 == 0 ? ".example" : ".example.org"),
                                 .qtype = types[random() % std::size(types)],
                                 .response = random() % 2 == 0,
                                 .client = "192.0.2." + std::to_string(random() % 9),
                                 .tcp = random() % 4 == 0,
                                 .client_port = static_cast<std::uint16_t>(1024 + random() % 5)}));
    made.back().message.id = static_cast<std::uint16_t>(random() % 7);
  }
  return made;
}

/// A value by all of these fields, or of texts.
std::unique_ptr<Value> value_of(Make* make, const ScriptMessages& messages, const Context& context,
                                ValueOptions options = {}) {
  for (std::size_t i = 0; i < messages.fields().size(); ++i) options.fields.push_back(i);
  auto made = make(options, {messages.columns(), context});
  EXPECT_TRUE(made) << made.error().message;
  return std::move(*made);
}

void add_all(Value& value, const ScriptMessages& messages) {
  for (std::uint32_t at = 0; at < messages.size(); ++at) ASSERT_EQ(value.add_message(at, 1), ValueError::none);
  value.flush();
}

class CounterTest : public testing::Test {
 protected:
  const Context context;
  Packets packets;
  const ScriptMessages no_messages{{}, {}};
};

TEST_F(CounterTest, Makes_the_counts_that_count_by_makes) {
  const std::vector<Packet> input = some_packets(packets, 3000);
  const struct {
    std::vector<std::string> by;
    std::array<std::uint64_t, 4> limits;
  } cases[] = {
      {{"qtype"}, {}},  // a code
      {{"qtype"}, {3}},
      {{"message_size"}, {}},  // a number
      {{"client_port"}, {2}},
      {{"message_size:64"}, {}},  // a bucket
      {{"qname"}, {}},            // a name
      {{"qname"}, {7}},
      {{"tld"}, {}},
      {{"client"}, {}},  // an address
      {{"client_prefix:30:48"}, {1}},
      {{"qtype", "rcode"}, {}},  // two codes
      {{"qtype", "client_port"}, {2, 3}},
      {{"qname", "qtype"}, {}},
      {{"qname", "qtype"}, {5, 2}},
      {{"qtype", "qname"}, {0, 3}},
      {{"client", "qname"}, {4, 0}},
      {{"qtype", "client", "qname"}, {3, 2, 1}},
      {{"transport", "qtype", "client", "qname"}, {2, 2, 2, 2}},
  };
  for (const auto& one : cases) {
    const ScriptMessages messages(one.by, input);
    auto counter = value_of(make_counter, messages, context, {.limits = one.limits});
    add_all(*counter, messages);
    tests::Shards shards(
        {.type = "count_by",
         .by = one.by,
         .limit = {one.limits.begin(), one.limits.begin() + static_cast<std::ptrdiff_t>(one.by.size())}});
    shards.add(0, input);
    const summary::Data expected = shards.take(), counted = counter->data();
    const auto& rows = std::get<Counts>(counted).rows;
    EXPECT_EQ(rows, std::get<Counts>(expected).rows) << one.by.front();
    EXPECT_EQ(std::get<Counts>(counted).rest, std::get<Counts>(expected).rest) << one.by.front();
    EXPECT_EQ(std::get<Counts>(counted).by, std::get<Counts>(expected).by) << one.by.front();
    EXPECT_EQ(std::get<Counts>(counted).error, 0u);
    std::uint64_t sum = 0;
    for (const summary::CountRow& row : rows) sum += row.count;
    for (const summary::RestRow& rest : std::get<Counts>(counted).rest) sum += rest.count;
    EXPECT_GT(sum, 1000u);
    EXPECT_EQ(counter->total(), static_cast<double>(sum));
  }
}

TEST_F(CounterTest, Counts_addresses_by_what_stands_in_their_place) {
  Context anonymous;
  anonymous.anonymizer = *reduce::Anonymizer::make({.method = reduce::AnonymizerConfig::Method::hash});
  const std::vector<Packet> input = some_packets(packets, 500);
  for (const std::vector<std::string>& by : {std::vector<std::string>{"client"}, {"client_prefix:30:48", "qtype"}}) {
    const ScriptMessages messages(by, input, anonymous);
    auto counter = value_of(make_counter, messages, context);
    add_all(*counter, messages);
    tests::Shards shards({.type = "count_by", .by = by}, 1, anonymous);
    shards.add(0, input);
    EXPECT_EQ(summary::data_json(counter->data()).dump(), summary::data_json(shards.take()).dump());
  }
}

TEST_F(CounterTest, Skips_messages_that_lack_a_field_as_count_by_does) {
  std::vector<Packet> input = some_packets(packets, 200);
  for (std::size_t i = 0; i < input.size(); i += 3) input[i] = packets.make({.name = ""});
  for (std::size_t i = 0; i < input.size(); i += 5) input[i].lacks.add(util::Member::source);
  for (const std::vector<std::string>& by : {std::vector<std::string>{"qtype"}, {"qname"}, {"qtype", "client"}}) {
    const ScriptMessages messages(by, input);
    auto counter = value_of(make_counter, messages, context);
    add_all(*counter, messages);
    tests::Shards shards({.type = "count_by", .by = by});
    shards.add(0, input);
    EXPECT_EQ(summary::data_json(counter->data()).dump(), summary::data_json(shards.take()).dump());
    EXPECT_LT(counter->total(), 160);
    EXPECT_GT(counter->total(), 80);
  }
}

TEST_F(CounterTest, Counts_by_flags_and_numbers_that_are_no_dimensions) {
  const std::vector<Packet> input = some_packets(packets, 100);
  std::map<summary::Keys, std::uint64_t> expected;
  for (const Packet& packet : input)
    ++expected[{packet.transport == util::Transport::tcp ? "yes" : "no", std::to_string(packet.message.id)}];
  const ScriptMessages messages({"tcp", "id"}, input);
  auto counter = value_of(make_counter, messages, context);
  add_all(*counter, messages);
  const Counts counts = std::get<Counts>(counter->data());
  EXPECT_EQ(counts.by, (std::vector<std::string>{"tcp", "id"}));
  std::map<summary::Keys, std::uint64_t> counted;
  for (const summary::CountRow& row : counts.rows) counted[row.keys] = row.count;
  EXPECT_EQ(counted, expected);
}

TEST_F(CounterTest, Counts_texts_as_often_as_they_are_said_to_come) {
  auto counter = value_of(make_counter, no_messages, context);
  for (const auto& [text, times] : {std::pair("b", 2), {"a", 1}, {"", 4}, {"b", 3}, {"c.example.", 5}})
    EXPECT_EQ(counter->add_text(text, static_cast<std::uint64_t>(times)), ValueError::none);
  EXPECT_EQ(counter->count_of("b"), 5);
  EXPECT_EQ(counter->count_of(""), 4);
  EXPECT_EQ(counter->count_of("B"), 0);
  EXPECT_EQ(counter->total(), 15);
  for (int i = 0; i < 2; ++i) {
    const Counts counts = std::get<Counts>(counter->data());
    EXPECT_EQ(counts.by, std::vector<std::string>{"key"});
    EXPECT_EQ(counts.rows, (std::vector<summary::CountRow>{{{""}, 4}, {{"a"}, 1}, {{"b"}, 5}, {{"c.example."}, 5}}));
    EXPECT_TRUE(counts.rest.empty());
  }
}

TEST_F(CounterTest, Says_what_of_a_thing_it_takes) {
  auto texts = value_of(make_counter, no_messages, context);
  EXPECT_EQ(texts->add_message(0, 1), ValueError::no_such_thing);
  EXPECT_EQ(texts->add_number(1), ValueError::no_such_thing);
  EXPECT_EQ(texts->add_text(std::string(65'535, 'x'), 1), ValueError::none);
  EXPECT_EQ(texts->add_text(std::string(65'536, 'x'), 1), ValueError::too_long);
  EXPECT_EQ(texts->total(), 1);
  EXPECT_EQ(texts->count_of(std::string(65'535, 'x')), 1);
  const std::vector<Packet> input = some_packets(packets, 1);
  const ScriptMessages messages({"qname"}, input);
  auto fields = value_of(make_counter, messages, context);
  EXPECT_EQ(fields->add_text("n1.example.", 1), ValueError::wants_message);
  EXPECT_EQ(fields->total(), 0);
}

TEST_F(CounterTest, Ranks_by_count_and_then_by_text) {
  const std::vector<Packet> input = {
      packets.make({.name = "b.example"}), packets.make({.name = "c.example", .qtype = 28}),
      packets.make({.name = "a.example"}), packets.make({.name = "c.example", .qtype = 28})};
  const ScriptMessages messages({"qname", "qtype"}, input);
  auto counter = value_of(make_counter, messages, context);
  add_all(*counter, messages);
  const auto texts = [&](std::size_t most) {
    std::vector<std::string> made;
    for (const Value::Ranked& one : counter->rank(most)) made.push_back(one.text + " " + std::to_string(one.count));
    return made;
  };
  EXPECT_EQ(texts(9), (std::vector<std::string>{"c.example. AAAA 2", "a.example. A 1", "b.example. A 1"}));
  EXPECT_EQ(texts(2), (std::vector<std::string>{"c.example. AAAA 2", "a.example. A 1"}));
  EXPECT_EQ(texts(0), std::vector<std::string>{});
  EXPECT_EQ(counter->count_of("c.example. AAAA"), 2);
  EXPECT_EQ(counter->count_of("c.example."), 0);
}

TEST_F(CounterTest, A_limit_sums_up_what_it_cuts_off) {
  auto counter = value_of(make_counter, no_messages, context, {.limits = {2}});
  for (const auto& [text, times] : {std::pair("a", 1), {"b", 9}, {"c", 4}, {"d", 4}, {"e", 2}})
    EXPECT_EQ(counter->add_text(text, static_cast<std::uint64_t>(times)), ValueError::none);
  const Counts counts = std::get<Counts>(counter->data());
  EXPECT_EQ(counts.rows, (std::vector<summary::CountRow>{{{"b"}, 9}, {{"c"}, 4}}));
  EXPECT_EQ(counts.rest, (std::vector<summary::RestRow>{{.prefix = {}, .keys = 3, .count = 7, .most = 4}}));
  EXPECT_EQ(counts.error, 0u);
  EXPECT_EQ(counter->rank(9).size(), 5u) << "only the result is cut";
}

/// What a bounded table says is true: of each key it has no more than there was, and no less than that less the error.
void expect_bounds(const Counts& counts, const std::map<std::string, std::uint64_t>& truth, std::size_t cells) {
  EXPECT_LE(counts.rows.size(), cells);
  EXPECT_GT(counts.rows.size(), 0u);
  EXPECT_GT(counts.error, 0u);
  std::uint64_t sum = 0, true_sum = 0;
  std::map<std::string, std::uint64_t> counted;
  for (const summary::CountRow& row : counts.rows) sum += counted[std::string(row.keys.front())] = row.count;
  for (const summary::RestRow& rest : counts.rest) sum += rest.count;
  for (const auto& [key, count] : truth) {
    true_sum += count;
    EXPECT_LE(counted[key], count) << key;
    EXPECT_GE(counted[key] + counts.error, count) << key;
  }
  EXPECT_EQ(sum, true_sum) << "nothing is lost without a word";
}

TEST_F(CounterTest, Its_cells_bound_it_with_a_stated_error) {
  constexpr std::size_t cells = 20;
  std::mt19937 random(3);
  auto texts = value_of(make_counter, no_messages, context, {.cells = cells});
  std::map<std::string, std::uint64_t> truth;
  for (int i = 0; i < 20'000; ++i) {
    const std::string text = "key" + std::to_string(std::min({random() % 300, random() % 300, random() % 300}));
    EXPECT_EQ(texts->add_text(text, 1), ValueError::none);
    ++truth[text];
  }
  expect_bounds(std::get<Counts>(texts->data()), truth, cells);
  EXPECT_EQ(texts->total(), 20'000);

  std::vector<Packet> input = some_packets(packets, 3000);
  truth.clear();
  for (Packet& packet : input) {
    packet.message.id = static_cast<std::uint16_t>(std::min(random() % 200, random() % 200));
    ++truth[std::to_string(packet.message.id)];
  }
  const ScriptMessages messages({"id"}, input);
  auto codes = value_of(make_counter, messages, context, {.cells = cells});
  add_all(*codes, messages);
  expect_bounds(std::get<Counts>(codes->data()), truth, cells);
  EXPECT_EQ(codes->total(), 3000);
}

TEST_F(CounterTest, Parts_merge_into_what_the_whole_would_be) {
  const std::vector<Packet> input = some_packets(packets, 900);
  for (const std::vector<std::string>& by : {std::vector<std::string>{"qtype"}, {"qname"}, {"qtype", "client"}}) {
    const ScriptMessages messages(by, input);
    auto whole = value_of(make_counter, messages, context), one = value_of(make_counter, messages, context),
         other = value_of(make_counter, messages, context);
    add_all(*whole, messages);
    for (std::uint32_t at = 0; at < messages.size(); ++at)
      ASSERT_EQ((at % 3 == 0 ? one : other)->add_message(at, 1), ValueError::none);
    const std::string before = summary::data_json(other->data()).dump();
    EXPECT_EQ(one->merge(*other), ValueError::none);
    EXPECT_EQ(summary::data_json(one->data()).dump(), summary::data_json(whole->data()).dump());
    EXPECT_EQ(one->total(), 900);
    EXPECT_EQ(summary::data_json(other->data()).dump(), before) << "the other one stays";
  }
}

TEST_F(CounterTest, Does_not_merge_with_what_is_another_kind) {
  const std::vector<Packet> input = some_packets(packets, 1);
  const ScriptMessages names({"qname"}, input), codes({"qtype"}, input), two({"qname", "qtype"}, input);
  auto by_name = value_of(make_counter, names, context), by_code = value_of(make_counter, codes, context),
       by_two = value_of(make_counter, two, context), distinct = value_of(make_distinct, names, context),
       top = value_of(make_top_k, names, context, {.limits = {3}});
  EXPECT_EQ(by_name->merge(*by_name), ValueError::cannot_merge);
  EXPECT_EQ(by_name->merge(*by_code), ValueError::cannot_merge);
  EXPECT_EQ(by_code->merge(*by_two), ValueError::cannot_merge);
  EXPECT_EQ(by_two->merge(*by_name), ValueError::cannot_merge);
  EXPECT_EQ(by_name->merge(*distinct), ValueError::cannot_merge);
  EXPECT_EQ(by_name->merge(*top), ValueError::cannot_merge);
  EXPECT_EQ(top->merge(*by_name), ValueError::cannot_merge);
}

class TopKTest : public CounterTest {};

TEST_F(TopKTest, Is_the_ranking_of_a_counter) {
  const std::vector<Packet> input = some_packets(packets, 2000);
  for (const char* field : {"qname", "qtype", "client"}) {
    const ScriptMessages messages({field}, input);
    auto counter = value_of(make_counter, messages, context),
         top = value_of(make_top_k, messages, context, {.limits = {4}});
    add_all(*counter, messages);
    add_all(*top, messages);
    const Top data = std::get<Top>(top->data());
    EXPECT_EQ(data.limit, 4u);
    EXPECT_EQ(data.absent, 0u);
    EXPECT_TRUE(std::ranges::is_sorted(data.entries, {}, &Top::Entry::name));
    const auto ranked = counter->rank(4);
    const auto shown = data.shown();
    EXPECT_TRUE(shown.exact);
    ASSERT_GE(shown.entries.size(), 4u);
    for (std::size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(shown.entries[i].name, ranked[i].text) << field;
      EXPECT_EQ(shown.entries[i].count, ranked[i].count) << field;
      EXPECT_EQ(shown.entries[i].extra, 0u);
    }
    EXPECT_EQ(top->rank(100).size(), 4u);
    EXPECT_EQ(top->rank(2).size(), 2u);
    EXPECT_EQ(top->total(), 2000);
    EXPECT_EQ(top->count_of(ranked[0].text), counter->count_of(ranked[0].text));
  }
}

TEST_F(TopKTest, Says_how_much_it_may_lack_when_its_cells_are_few) {
  std::mt19937 random(5);
  auto top = value_of(make_top_k, no_messages, context, {.limits = {3}, .cells = 16});
  std::map<std::string, std::uint64_t> truth;
  for (int i = 0; i < 5000; ++i) {
    const std::string text = "key" + std::to_string(std::min({random() % 100, random() % 100, random() % 100}));
    EXPECT_EQ(top->add_text(text, 1), ValueError::none);
    ++truth[text];
  }
  const Top data = std::get<Top>(top->data());
  EXPECT_LE(data.entries.size(), 16u);
  EXPECT_GT(data.absent, 0u);
  for (const auto& [key, count] : truth) {
    const auto entry = std::ranges::find(data.entries, key, &Top::Entry::name);
    if (entry == data.entries.end()) {
      EXPECT_LE(count, data.absent) << key;
      continue;
    }
    EXPECT_LE(entry->count, count) << key;
    EXPECT_GE(entry->count + entry->extra, count) << key;
  }
}

TEST_F(TopKTest, Merges_with_its_like) {
  auto one = value_of(make_top_k, no_messages, context, {.limits = {1}}),
       other = value_of(make_top_k, no_messages, context, {.limits = {1}});
  EXPECT_EQ(one->add_text("a", 3), ValueError::none);
  EXPECT_EQ(one->add_text("b", 2), ValueError::none);
  EXPECT_EQ(other->add_text("b", 2), ValueError::none);
  EXPECT_EQ(one->merge(*other), ValueError::none);
  EXPECT_EQ(one->rank(9).front().text, "b");
  EXPECT_EQ(one->total(), 7);
}

TEST_F(TopKTest, Is_of_one_field_or_of_texts) {
  const std::vector<Packet> input = some_packets(packets, 1);
  const ScriptMessages messages({"qname", "qtype"}, input);
  const auto made = make_top_k({.fields = {0, 1}, .limits = {3}}, {messages.columns(), context});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "is of one field, or of texts");
}

}  // namespace
}  // namespace rata::script
