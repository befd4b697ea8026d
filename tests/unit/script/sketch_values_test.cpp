// distinct() and quantiles() of scripts.

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "script/host/values.h"
#include "support/reducers.h"
#include "support/script_messages.h"
#include "util/hash.h"

namespace rata::script {
namespace {

using reduce::Packet;
using summary::Distinct;
using summary::Quantiles;
using tests::Messages;
using tests::ScriptMessages;

class SketchValues : public testing::Test {
 protected:
  SketchValues() { context.sketch_seed = 0x1234'5678'9abc'def0; }

  std::unique_ptr<Value> make(decltype(make_distinct)* maker, const ScriptMessages& of) const {
    ValueOptions options;
    if (!of.fields().empty()) options.fields = {0};
    auto made = maker(options, {of.columns(), context});
    EXPECT_TRUE(made) << made.error().message;
    return std::move(*made);
  }
  std::unique_ptr<Value> of_all(decltype(make_distinct)* maker, const ScriptMessages& of) const {
    auto value = make(maker, of);
    for (std::uint32_t at = 0; at < of.size(); ++at) EXPECT_EQ(value->add_message(at, 1), ValueError::none);
    return value;
  }
  /// What a built-in reducer says of the same.
  summary::Measure measured(const std::string& measure, const std::vector<Packet>& input) const {
    tests::Shards shards({.type = "count_by", .by = {"opcode"}, .measure = {measure}}, 1, context);
    shards.add(0, input);
    const auto data = std::get<summary::Measures>(shards.take());
    EXPECT_EQ(data.values.size(), 1u);
    return data.values.at(0).at(0);
  }
  std::vector<Packet> some_packets() {
    std::mt19937 random(2);
    std::vector<Packet> made;
    for (int i = 0; i < 2000; ++i) {
      tests::MessageText text{.qname = "n" + std::to_string(random() % 900) + ".example.",
                              .qtype = static_cast<unsigned>(1 + random() % 50),
                              .client = random() % 2 == 0 ? "192.0.2." + std::to_string(random() % 200)
                                                          : "2001:db8::" + std::to_string(random() % 200),
                              .client_port = static_cast<std::uint16_t>(random() % 3000)};
      if (random() % 2 == 0) text.opt.push_back({.size = static_cast<unsigned>(random() % 5000)});
      made.push_back(messages.make(text));
    }
    return made;
  }
  static Distinct distinct_of(Value& value) {
    return std::get<Distinct>(std::get<summary::Values>(value.data()).root.node);
  }
  static Quantiles quantiles_of(Value& value) {
    return std::get<Quantiles>(std::get<summary::Values>(value.data()).root.node);
  }

  reduce::Context context;
  Messages messages;
  const ScriptMessages no_messages{{}, {}};
};

using DistinctTest = SketchValues;
using QuantilesTest = SketchValues;

TEST_F(DistinctTest, Has_the_registers_of_the_built_in_measure) {
  const std::vector<Packet> input = some_packets();
  for (const std::string field :
       {"qname", "tld", "client", "client_prefix:24:64", "qtype", "message_size", "client_port"}) {
    const ScriptMessages seen({field}, input);
    auto value = of_all(make_distinct, seen);
    EXPECT_EQ(distinct_of(*value), std::get<Distinct>(measured("distinct:" + field, input))) << field;
    EXPECT_EQ(value->total(), std::round(distinct_of(*value).estimate())) << field;
  }
}

TEST_F(DistinctTest, Of_names_is_of_their_octets_with_the_seed) {
  const std::vector<Packet> input = {messages.make({.qname = "WWW.example."}), messages.make({.qname = "www.example."}),
                                     messages.make({.qname = ""})};
  const ScriptMessages seen({"qname"}, input);
  auto value = of_all(make_distinct, seen);
  Distinct expected;
  expected.add(util::sketch_hash(input[1].qname, context.sketch_seed));
  EXPECT_EQ(distinct_of(*value), expected);
  context.sketch_seed = 7;
  EXPECT_NE(distinct_of(*of_all(make_distinct, seen)), expected);
}

TEST_F(DistinctTest, Takes_texts_or_messages) {
  const std::vector<Packet> input = {messages.make({})};
  const ScriptMessages seen({"qname"}, input);
  auto texts = make(make_distinct, no_messages), fields = make(make_distinct, seen);
  for (const char* text : {"a", "b", "a", ""}) EXPECT_EQ(texts->add_text(text, 1), ValueError::none);
  EXPECT_EQ(texts->total(), 3);
  EXPECT_EQ(texts->add_message(0, 1), ValueError::no_such_thing);
  EXPECT_EQ(texts->add_number(1), ValueError::no_such_thing);
  EXPECT_EQ(fields->add_text("a", 1), ValueError::wants_message);
  EXPECT_EQ(fields->total(), 0);
}

TEST_F(DistinctTest, Merges_with_its_like) {
  auto one = make(make_distinct, no_messages), other = make(make_distinct, no_messages);
  EXPECT_EQ(one->add_text("a", 1), ValueError::none);
  EXPECT_EQ(other->add_text("a", 1), ValueError::none);
  EXPECT_EQ(other->add_text("b", 1), ValueError::none);
  EXPECT_EQ(one->merge(*other), ValueError::none);
  EXPECT_EQ(one->merge(*one), ValueError::none);
  EXPECT_EQ(one->total(), 2);
  EXPECT_EQ(other->total(), 2);
  EXPECT_EQ(one->merge(*make(make_quantiles, no_messages)), ValueError::cannot_merge);
}

TEST_F(DistinctTest, Is_of_one_field_or_of_texts) {
  const std::vector<Packet> input = {messages.make({})};
  const ScriptMessages seen({"qname", "qtype"}, input);
  const auto made = make_distinct({.fields = {0, 1}}, {seen.columns(), context});
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().message, "is of one field, or of texts");
}

TEST_F(QuantilesTest, Are_those_of_the_built_in_measure) {
  const std::vector<Packet> input = some_packets();
  for (const std::string field : {"message_size", "client_port", "edns_size", "qname_length"}) {
    const ScriptMessages seen({field}, input);
    auto value = of_all(make_quantiles, seen);
    const auto expected = std::get<Quantiles>(measured("quantiles:" + field, input));
    EXPECT_EQ(quantiles_of(*value), expected) << field;
    EXPECT_EQ(value->total(), static_cast<double>(expected.count()));
    for (const double share : {0.0, 0.5, 0.99, 1.0})
      EXPECT_EQ(value->quantile(share), expected.quantile(share)) << field;
  }
}

TEST_F(QuantilesTest, Take_numbers_of_zero_or_more_to_the_nearest_whole) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const struct {
    double number;
    ValueError error;
  } cases[] = {{0, ValueError::none},
               {2.4, ValueError::none},
               {2.5, ValueError::none},
               {-0.0, ValueError::none},
               {9e15, ValueError::none},
               {-0.5, ValueError::bad_number},
               {-1, ValueError::bad_number},
               {9.1e15, ValueError::bad_number},
               {nan, ValueError::bad_number},
               {infinity, ValueError::bad_number},
               {-infinity, ValueError::bad_number}};
  auto value = make(make_quantiles, no_messages);
  Quantiles expected;
  for (const std::uint64_t whole : {0u, 2u, 3u, 0u}) expected.add(whole);
  expected.add(9'000'000'000'000'000u);
  for (const auto& one : cases) EXPECT_EQ(value->add_number(one.number), one.error) << one.number;
  EXPECT_EQ(quantiles_of(*value), expected);
  EXPECT_EQ(value->total(), 5);
}

TEST_F(QuantilesTest, Any_share_is_held_between_none_and_all) {
  auto value = make(make_quantiles, no_messages);
  EXPECT_EQ(value->quantile(0.5), 0) << "of nothing";
  for (int i = 1; i <= 100; ++i) EXPECT_EQ(value->add_number(i), ValueError::none);
  const struct {
    double share, quantile;
  } cases[] = {{0, 1}, {-3, 1}, {0.5, 51}, {1, 100}, {7, 100}, {std::numeric_limits<double>::quiet_NaN(), 1}};
  for (const auto& one : cases) EXPECT_EQ(value->quantile(one.share), one.quantile) << one.share;
}

TEST_F(QuantilesTest, Take_numbers_or_messages_and_merge_with_their_like) {
  const std::vector<Packet> input = {messages.make({}), messages.make({})};
  const ScriptMessages seen({"message_size"}, input);
  auto numbers = make(make_quantiles, no_messages), fields = of_all(make_quantiles, seen);
  EXPECT_EQ(numbers->add_message(0, 1), ValueError::no_such_thing);
  EXPECT_EQ(numbers->add_text("a", 1), ValueError::no_such_thing);
  EXPECT_EQ(fields->add_number(1), ValueError::wants_message);
  EXPECT_EQ(numbers->add_number(5), ValueError::none);
  EXPECT_EQ(numbers->merge(*fields), ValueError::none);
  EXPECT_EQ(numbers->total(), 3);
  EXPECT_EQ(fields->total(), 2);
  EXPECT_EQ(numbers->merge(*numbers), ValueError::cannot_merge);
  EXPECT_EQ(numbers->merge(*make(make_distinct, no_messages)), ValueError::cannot_merge);
}

TEST_F(QuantilesTest, Are_of_one_field_that_is_a_number) {
  const std::vector<Packet> input = {messages.make({})};
  const ScriptMessages seen({"message_size", "qtype", "qname", "rd", "message_size:64", "time"}, input);
  const auto made = [&](std::vector<std::size_t> fields) {
    return make_quantiles({.fields = std::move(fields)}, {seen.columns(), context});
  };
  EXPECT_TRUE(made({0}));
  EXPECT_EQ(made({0, 0}).error().message, "are of one field, or of numbers");
  for (const std::size_t other : {1u, 2u, 3u, 4u, 5u})
    EXPECT_EQ(made({other}).error().message, "are of numbers: " + seen.fields()[other].name + " is none");
}

}  // namespace
}  // namespace rata::script
