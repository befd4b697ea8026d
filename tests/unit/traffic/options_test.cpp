#include "traffic/options.h"

#include <gtest/gtest.h>

namespace rata::traffic {
namespace {

TEST(Options, without_real_time_the_defaults_are_those_of_a_file) {
  const Command command = parse_command_line({"--out", "x"});
  ASSERT_TRUE(command.run) << command.message;
  EXPECT_EQ(command.options.packets, 1'000'000U);
  EXPECT_EQ(command.options.start_s, 1'700'000'000U);
  EXPECT_EQ(command.options.qps, 100'000);
  EXPECT_EQ(command.options.sway, 0);
  EXPECT_EQ(command.options.clients, 200'000U);
}

TEST(Options, real_time_has_defaults_of_its_own_wherever_it_is_given) {
  for (const auto& arguments : {std::vector<std::string>{"--realtime", "--out", "-", "--names", "7"},
                                std::vector<std::string>{"--names", "7", "--out", "-", "--realtime"}}) {
    const Command command = parse_command_line(arguments);
    ASSERT_TRUE(command.run) << command.message;
    EXPECT_EQ(command.options.packets, unlimited);
    EXPECT_EQ(command.options.start_s, 0U);
    EXPECT_EQ(command.options.qps, 2000);
    EXPECT_EQ(command.options.sway, .15);
    EXPECT_EQ(command.options.clients, 2000U);
    EXPECT_EQ(command.options.names, 7U);
  }
}

TEST(Options, seconds_alone_lift_the_limit_of_packets) {
  EXPECT_EQ(parse_command_line({"--out", "x", "--seconds", "3"}).options.packets, unlimited);
  EXPECT_EQ(parse_command_line({"--out", "x", "--seconds", "3", "--packets", "9"}).options.packets, 9U);
}

TEST(Options, an_attack_cycle_has_a_default_factor) {
  const AttackCycle three = parse_command_line({"--out", "x", "--attack-cycle", "60:15:.7"}).options.attack_cycle;
  EXPECT_EQ(three.period_s, 60);
  EXPECT_EQ(three.length_s, 15);
  EXPECT_EQ(three.share, .7);
  EXPECT_EQ(three.rate_factor, 1.5);
  EXPECT_EQ(parse_command_line({"--out", "x", "--attack-cycle=60:15:.7:2"}).options.attack_cycle.rate_factor, 2);
}

TEST(Options, the_last_of_two_values_counts) {
  EXPECT_EQ(parse_command_line({"--out", "x", "--seed", "3", "--seed", "4"}).options.seed, 4U);
}

TEST(Options, what_is_wrong_is_named_with_what_would_be_accepted) {
  const struct {
    std::vector<std::string> arguments;
    const char* given;
    const char* accepted;
  } cases[] = {
      // numbers
      {{"--out", "x", "--v6", "1.5"}, "--v6: \"1.5\"", "from 0 to 1"},
      {{"--out", "x", "--v6", "-1"}, "--v6: \"-1\"", "from 0 to 1"},
      {{"--out", "x", "--v6", "nan"}, "--v6: \"nan\"", "from 0 to 1"},
      {{"--out", "x", "--qps", "fast"}, "--qps: \"fast\"", "a number from 0.001"},
      {{"--out", "x", "--packets", "1e6"}, "--packets: \"1e6\"", "a whole number, 0 or more"},
      {{"--out", "x", "--clients", "0"}, "--clients: \"0\"", "from 1 to 4000000"},
      {{"--out", "x", "--clients", "4294967297"}, "--clients: \"4294967297\"", "from 1 to 4000000"},
      {{"--out", "x", "--qps", ""}, "--qps: \"\"", "a number"},
      // fields
      {{"--out", "x", "--attack", "1:2"}, "--attack: \"1:2\"", "T0:T1:P"},
      {{"--out", "x", "--attack", "1:2:3"}, "--attack: \"1:2:3\"", "a share from 0 to 1"},
      {{"--out", "x", "--attack-cycle", "10:20:.5"}, "--attack-cycle: \"10:20:.5\"", "seconds up to PERIOD"},
      {{"--out", "x", "--attack-cycle", "0:0:.5"}, "--attack-cycle: \"0:0:.5\"", "PERIOD:LENGTH:P"},
      // words
      {{"--out", "x", "--tld", "CL"}, "--tld: \"CL\"", "a-z"},
      {{"--out", "x", "--tld", "thirteenchars"}, "--tld: \"thirteenchars\"", "1 to 12"},
      // options
      {{"--out", "x", "--sed", "3"}, "--sed", "the nearest is --seed"},
      {{"--out", "x", "--nanos"}, "--nanos", "the nearest is --nano"},
      {{"--out", "x", "--seed"}, "--seed", "required"},
      {{}, "--out", "- for standard output"},
  };
  for (const auto& [arguments, given, accepted] : cases) {
    const Command command = parse_command_line(arguments);
    EXPECT_FALSE(command.run) << given;
    EXPECT_EQ(command.status, 2) << given;
    EXPECT_NE(command.message.find(given), std::string::npos) << command.message;
    EXPECT_NE(command.message.find(accepted), std::string::npos) << command.message;
  }
}

TEST(Options, help_names_every_option_and_has_examples) {
  const Command command = parse_command_line({"--help"});
  EXPECT_FALSE(command.run);
  EXPECT_EQ(command.status, 0);
  for (const char* word : {"--out ",
                           "--manifest ",
                           "--nano ",
                           "--seed ",
                           "--start ",
                           "--packets ",
                           "--queries ",
                           "--seconds ",
                           "--realtime ",
                           "--qps ",
                           "--sway ",
                           "--latency-us ",
                           "--latency-sigma ",
                           "--attack ",
                           "--attack-cycle ",
                           "--clients ",
                           "--names ",
                           "--tld ",
                           "--zipf-clients ",
                           "--zipf-names ",
                           "--victims ",
                           "--v6 ",
                           "--tcp ",
                           "--junk ",
                           "--mixed-case ",
                           "--edns ",
                           "--do ",
                           "--rd ",
                           "--unanswered ",
                           "--malformed ",
                           "--weird ",
                           "--frag ",
                           "--noise ",
                           "Examples:",
                           "[100000; in real time: 2000]"}) {
    EXPECT_NE(command.message.find(word), std::string::npos) << word;
  }
}

}  // namespace
}  // namespace rata::traffic
