#include <gtest/gtest.h>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using tests::Bytes;
using tests::holds;
using tests::Messages;
using tests::no_value;
using tests::octets_of;
using tests::Opt;
using tests::option;
using tests::value_of;
using tests::operator+;

constexpr unsigned nsid = 3, ecs = 8, cookie = 10, ede = 15;

Bytes zeros(std::size_t count) { return Bytes(count); }

/// What each dimension says of a response whose OPT record has `options`.
void check(const Bytes& options, const std::vector<std::pair<const char*, std::string>>& expected,
           unsigned version = 0) {
  Messages messages;
  const Packet packet = messages.make({.flags = 0x8000, .opt = {Opt{.version = version, .options = options}}});
  for (const auto& [dimension, text] : expected) EXPECT_EQ(value_of(dimension, packet), text) << dimension;
}

TEST(DimensionsOfOptions, What_is_not_there) {
  const std::vector<std::pair<const char*, std::string>> nothing = {
      {"cookie", "no"},
      {"nsid", "no"},
      {"ecs", "no"},
      {"ede", "no"},
      {"cookie_length", "none"},
      {"nsid_length", "none"},
      {"ecs_family", "none"},
      {"ecs_source_prefix", "none"},
      {"ecs_scope_prefix", "none"},
      {"ede_code", "none"},
      {"ede_text_length", "none"},
      {"cookie_client", std::string(no_value)},
      {"cookie_server", std::string(no_value)},
      {"nsid_text", std::string(no_value)},
      {"nsid_hex", std::string(no_value)},
      {"ecs_prefix", std::string(no_value)},
      {"ede_text", std::string(no_value)},
  };
  check({}, nothing);
  const Bytes all = option(nsid, octets_of("ns1")) + option(ecs, {0, 1, 24, 0, 198, 51, 100}) +
                    option(cookie, zeros(8)) + option(ede, {0, 3});
  check(all, nothing, 1);                    // another version: nobody knows what its options mean
  check({0, 10, 0, 9, 1, 2, 3}, nothing);    // longer than what there is
  check(option(cookie, zeros(9)), nothing);  // lengths that their RFCs forbid
  check(option(cookie, zeros(15)), nothing);
  check(option(cookie, zeros(41)), nothing);
  check(option(ecs, {0, 1, 24}), nothing);
  check(option(ede, {0}), nothing);
  Messages messages;
  const Packet bare = messages.make({});
  for (const auto& [dimension, text] : nothing) EXPECT_EQ(value_of(dimension, bare), text) << dimension;
  for (const char* condition : {"cookie", "nsid", "ecs", "ede"}) EXPECT_FALSE(holds(condition, bare)) << condition;
}

TEST(DimensionsOfOptions, Cookies) {
  const Bytes client = {0x24, 0xa5, 0xac, 0x1c, 0x8b, 0xd4, 0x2b, 0xb5};
  check(option(cookie, client), {{"cookie", "yes"},
                                 {"cookie_length", "8"},
                                 {"cookie_client", "24a5ac1c8bd42bb5"},
                                 {"cookie_server", std::string(no_value)}});
  check(option(cookie, client + Bytes(8, 0xab)), {{"cookie_length", "16"}, {"cookie_server", "abababababababab"}});
  check(option(cookie, client + zeros(32)), {{"cookie_length", "40"}});
  // The first one that can be a cookie counts.
  check(option(cookie, zeros(9)) + option(cookie, client) + option(cookie, zeros(16)), {{"cookie_length", "8"}});
}

TEST(DimensionsOfOptions, Name_server_identifiers) {
  check(option(nsid, octets_of("ns1")),
        {{"nsid", "yes"}, {"nsid_length", "3"}, {"nsid_text", "ns1"}, {"nsid_hex", "6e7331"}});
  check(option(nsid, {}), {{"nsid", "yes"}, {"nsid_length", "0"}, {"nsid_text", std::string(no_value)}});
  check(option(nsid, {0, 'a', 0x7f, 0xff, '"'}), {{"nsid_text", ".a..\""}, {"nsid_hex", "00617fff22"}});
  check(option(nsid, Bytes(300, 'n')), {{"nsid_length", "300"}, {"nsid_text", std::string(255, 'n')}});
}

TEST(DimensionsOfOptions, Client_subnets) {
  check(option(ecs, {0, 1, 24, 16, 198, 51, 100}), {{"ecs", "yes"},
                                                    {"ecs_family", "1"},
                                                    {"ecs_source_prefix", "24"},
                                                    {"ecs_scope_prefix", "16"},
                                                    {"ecs_prefix", "198.51.100.0/24"}});
  check(option(ecs, {0, 1, 0, 0}), {{"ecs_source_prefix", "0"}, {"ecs_prefix", "0.0.0.0/0"}});
  check(option(ecs, {0, 1, 32, 0, 198, 51, 100, 7}), {{"ecs_prefix", "198.51.100.7/32"}});
  check(option(ecs, {0, 1, 20, 0, 198, 51, 0xff}), {{"ecs_prefix", "198.51.240.0/20"}});  // bits that must be 0
  check(option(ecs, {0, 1, 24, 0, 198}), {{"ecs_prefix", "198.0.0.0/24"}});               // zeros are padded
  check(option(ecs, Bytes{0, 2, 56, 0, 0x20, 1, 0x0d, 0xb8, 0, 1, 2}),
        {{"ecs_family", "2"}, {"ecs_prefix", "2001:db8:1:200::/56"}});
  // What is no prefix has no text, but its numbers.
  const std::string none(no_value);
  check(option(ecs, {0, 1, 33, 0, 1, 2, 3, 4}), {{"ecs_source_prefix", "33"}, {"ecs_prefix", none}});
  check(option(ecs, {0, 1, 32, 0, 1, 2, 3, 4, 5}), {{"ecs", "yes"}, {"ecs_prefix", none}});
  check(option(ecs, {0, 2, 129, 0}), {{"ecs_prefix", none}});
  check(option(ecs, Bytes{0, 2, 128, 255} + zeros(17)), {{"ecs_scope_prefix", "255"}, {"ecs_prefix", none}});
  check(option(ecs, {0xff, 0xff, 0, 0}), {{"ecs_family", "65535"}, {"ecs_prefix", none}});
  check(option(ecs, {0, 0, 0, 0}), {{"ecs_family", "0"}, {"ecs_prefix", none}});
}

TEST(DimensionsOfOptions, Extended_errors) {
  check(option(ede, {0, 3}),
        {{"ede", "yes"}, {"ede_code", "Stale Answer"}, {"ede_text_length", "0"}, {"ede_text", std::string(no_value)}});
  check(option(ede, Bytes{0, 0} + octets_of("say \"why\"\n")),
        {{"ede_code", "Other"}, {"ede_text_length", "10"}, {"ede_text", "say \\\"why\\\"\\010"}});
  check(option(ede, Bytes{0xff, 0xff} + octets_of("a") + Bytes{0, 'b'}),
        {{"ede_code", "EDE65535"}, {"ede_text_length", "3"}, {"ede_text", "a"}});
  check(option(ede, Bytes{0, 22} + Bytes(300, 'w')), {{"ede_text", std::string(255, 'w')}});
  Messages messages;
  const Packet packet = messages.make({.opt = {Opt{.options = option(ede, {0, 3})}}});
  EXPECT_EQ(value_of("ede_code", packet, {}, true), "3");
  EXPECT_TRUE(holds("ede", packet));
  EXPECT_FALSE(holds("ecs", packet));
}

}  // namespace
}  // namespace rata::reduce
