#include <gtest/gtest.h>

#include <set>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using tests::Bytes;
using tests::Messages;
using tests::no_value;
using tests::octets_of;
using tests::Opt;
using tests::option;
using tests::value_of;
using tests::operator+;

/// A response of which every dimension has something to say.
Packet full(Messages& messages) {
  const Bytes options = option(3, octets_of("ns1")) + option(8, {0, 1, 24, 0, 198, 51, 100}) +
                        option(10, Bytes(16, 7)) + option(15, Bytes{0, 3} + octets_of("why"));
  Packet packet = messages.make({.qname = "www.a.example.", .flags = 0x8400, .opt = {Opt{.options = options}}});
  packet.response_ns = 1'000'000;
  return packet;
}

TEST(DimensionTable, Every_dimension_has_a_text_for_its_value_and_an_example_of_it) {
  Messages messages;
  const Packet packet = full(messages);
  std::set<std::string_view> names;
  for (const Dimension& dimension : dimensions()) {
    EXPECT_TRUE(names.insert(dimension.name).second) << dimension.name;
    EXPECT_FALSE(dimension.help.empty()) << dimension.name;
    EXPECT_FALSE(dimension.example.empty()) << dimension.name;
    for (const bool older : {false, true}) {
      const std::string text = value_of(dimension.name, packet, {}, older);
      EXPECT_NE(text, no_value) << dimension.name;
      EXPECT_FALSE(text.empty()) << dimension.name;
    }
  }
}

TEST(DimensionTable, A_dimension_is_coded_or_keyed_and_says_what_may_stand_behind_its_name) {
  for (const Dimension& dimension : dimensions()) {
    EXPECT_EQ(dimension.coded(), dimension.codes != nullptr) << dimension.name;
    EXPECT_EQ(dimension.coded(), dimension.code_text != nullptr) << dimension.name;
    EXPECT_NE(dimension.coded(), dimension.keys != nullptr) << dimension.name;
    EXPECT_NE(dimension.coded(), dimension.key_text != nullptr) << dimension.name;
    EXPECT_LE(dimension.bits, 32u) << dimension.name;
    EXPECT_EQ(dimension.argument.empty(), dimension.read_argument == nullptr) << dimension.name;
    EXPECT_TRUE(dimension.read_argument == nullptr || !dimension.read_argument("")) << dimension.name;
  }
}

TEST(DimensionTable, A_message_without_question_or_records_harms_none) {
  Messages messages;
  for (const unsigned flags : {0u, 0x8000u}) {
    const Packet packet = messages.make({.qname = "", .flags = flags});
    for (const Dimension& dimension : dimensions()) EXPECT_FALSE(value_of(dimension.name, packet).empty());
    for (const Condition& condition : conditions()) {
      EXPECT_FALSE(condition.help.empty()) << condition.name;
      if (!missing(packet, condition.needs)) condition.holds(packet);
    }
  }
}

}  // namespace
}  // namespace rata::reduce
