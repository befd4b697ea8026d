#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hub/config.h"
#include "hub/status.h"

namespace rata::hub {
namespace {

using Json = nlohmann::json;

/// What is wrong with an aggregator's file; empty: nothing.
std::string fault_of(const std::string& text) {
  const auto path = std::filesystem::temp_directory_path() / fmt::format("ratadns_groups_{}.toml", ::getpid());
  std::ofstream(path) << text;
  const auto config = read_config(path.string());
  std::filesystem::remove(path);
  return config ? "" : config.error().message;
}

std::string group(std::string_view name, std::string_view servers) {
  return fmt::format("[[group]]\nname = \"{}\"\nservers = {}\n", name, servers);
}

TEST(Groups, That_add_up_nothing_or_something_twice_are_refused) {
  EXPECT_EQ(fault_of(group("chile", R"(["ns1", "ns2"])") + group("peru", R"(["ns2"])")), "");
  const std::pair<std::string, const char*> cases[] = {
      {group("", R"(["ns1"])"), "name"},
      {group("chile", "[]"), "servers"},
      {"[[group]]\nname = \"chile\"\n", "needs name = \"...\" and servers = [\"...\"]"},
      {group("chile", R"(["ns1"])") + group("chile", R"(["ns2"])"), "there is a group \"chile\" already"},
      {group("chile", R"(["ns1", "ns2", "ns1"])"), "servers has \"ns1\" twice"},
      {group("chile", R"(["ns1", ""])"), "servers: \"\" names nothing"},
  };
  for (const auto& [text, expected] : cases) {
    const std::string fault = fault_of(text);
    EXPECT_NE(fault.find(expected), std::string::npos) << text << fault;
    EXPECT_NE(fault.find("[[group]]"), std::string::npos) << fault;
  }
}

TEST(Groups, Say_which_of_their_servers_nobody_has_heard_of) {
  Config config;
  config.aggregate.groups = {{"chile", {"ns1", "ns2", "ns3"}}, {"peru", {"ns1"}}};
  Standing standing;
  standing.now = util::from_seconds(1'700'000'000);
  const auto status = [&] { return Json::parse(status_json(config, standing)); };
  EXPECT_EQ(status()["groups"][1]["unheard"], Json({"ns1"}));
  EXPECT_EQ(status()["trust"]["level"], "green");  // nothing has come at all

  MonitorState heard{.server = "ns1", .monitor = "ns1"};
  heard.arrived = heard.last = standing.now;
  standing.monitors.push_back(heard);
  const Json found = status();
  EXPECT_EQ(found["groups"][0]["servers"], Json({"ns1", "ns2", "ns3"}));
  EXPECT_EQ(found["groups"][0]["unheard"], Json({"ns2", "ns3"}));
  EXPECT_EQ(found["groups"][1]["unheard"], Json::array());
  EXPECT_EQ(found["trust"]["level"], "amber");
  EXPECT_EQ(found["trust"]["reasons"],
            Json({"the group chile lacks ns2, ns3, of which nothing has come: is the name right?"}));
}

TEST(Status, Says_what_views_lack_when_the_history_could_not_be_read) {
  Config config;
  config.aggregate.spans = {1, 5, 15};
  Standing standing;
  standing.now = standing.watermark = util::from_seconds(1'700'000'300);
  const auto status = [&] { return Json::parse(status_json(config, standing)); };
  EXPECT_EQ(status()["restoring"], nullptr);
  EXPECT_EQ(status()["trust"]["level"], "green");
  standing.restoring = Restoring{util::from_seconds(1'700'000'000), true};
  EXPECT_EQ(status()["restoring"]["full_spans"], Json({1, 5}));
  EXPECT_EQ(status()["restoring"]["failed"], true);
  EXPECT_EQ(status()["trust"]["level"], "amber");
  EXPECT_NE(status()["trust"]["reasons"][0].get<std::string>().find("could not be read"), std::string::npos);
  standing.restoring->is_failed = false;
  EXPECT_NE(status()["trust"]["reasons"][0].get<std::string>().find("are being restored"), std::string::npos);
}

}  // namespace
}  // namespace rata::hub
