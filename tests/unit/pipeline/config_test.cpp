#include "pipeline/config.h"
#include "settings/listen.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace rata::pipeline {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  ~ConfigTest() override { std::filesystem::remove(path_); }
  util::Result<Config> read(const std::string& text) {
    std::ofstream(path_) << text;
    return read_config(path_.string());
  }
  std::filesystem::path path_ =
      std::filesystem::temp_directory_path() / ("ratadns-config-test-" + std::to_string(getpid()) + ".toml");
};

TEST_F(ConfigTest, Everything_can_be_said) {
  const auto config = read(R"(
server = "ns1"
monitor = "ns1-a"
ports = [53, 5353]
shards = 4
window = { seconds = 10, lateness = 2.5 }

user = "nobody"
cpu_limit = 50

[[source]]
interface = ["eth0", "eth1"]
filter = "port 53"
ring_mib = 8

[[source]]
interface = "eth2"

[[channel]]
name = "out"
url = "stdout:"

[[reducer]]
type = "QueriesPerSecond"
send = [{ channel = "out" }]

[[reducer]]
type = "count_by"
name = "rcodes"
by = ["rcode", "message_size"]
where = "response"
limit = 200
send = ["out"]

[serve]
listen = "[::1]:9000"

[aggregate]
spans = [1, 10]

[[processor]]
type = "top_names"
output_limit = 7

[[location]]
server = "ns1"
longitude = -70.66
latitude = -33
country_name = "Chile"
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->server, "ns1");
  EXPECT_EQ(config->monitor, "ns1-a");
  EXPECT_EQ(config->ports, (std::vector<std::uint16_t>{53, 5353}));
  EXPECT_EQ(config->window.seconds, 10u);
  EXPECT_EQ(config->window.lateness_seconds, 2.5);
  EXPECT_EQ(config->source->what, (std::vector<std::string>{"eth0", "eth1", "eth2"}));
  EXPECT_EQ(config->source->ring_mib, 8u);
  EXPECT_EQ(config->user, "nobody");
  EXPECT_EQ(config->cpu_limit, 50u);
  ASSERT_EQ(config->reducers.size(), 2u);
  EXPECT_EQ(config->reducers[1].reducer.where, std::vector<std::string>{"response"});
  EXPECT_EQ(config->reducers[1].reducer.limit, std::vector<std::uint64_t>{200});
  EXPECT_EQ(config->reducers[1].send, std::vector<std::string>{"out"});
  EXPECT_EQ(config->serve.address, "::1");
  EXPECT_EQ(config->serve.port, 9000);
  EXPECT_EQ(config->aggregate.spans, (std::vector<unsigned>{1, 10}));
  EXPECT_EQ(config->aggregate.processors.at(0).output_limit, 7u);
  EXPECT_EQ(config->places.at(0).latitude, -33);
}

TEST_F(ConfigTest, Files_of_all_sources_are_one_input) {
  const auto config = read(R"(
[[source]]
file = ["a.pcap", "rotated"]
[[source]]
file = "-"
)");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->source->what, (std::vector<std::string>{"a.pcap", "rotated", "-"}));
}

TEST_F(ConfigTest, An_empty_file_has_every_default) {
  const auto config = read("");
  ASSERT_TRUE(config);
  EXPECT_FALSE(config->server.empty());
  EXPECT_EQ(config->ports, std::vector<std::uint16_t>{53});
  EXPECT_EQ(config->aggregate.processors.size(), 4u);
  EXPECT_FALSE(config->serve_enabled);
}

TEST_F(ConfigTest, What_is_wrong_is_named_with_its_line_and_what_would_be_right) {
  const struct {
    const char* text;
    const char* says;
  } cases[] = {
      {"servr = \"x\"", ":1: top level: there is no key \"servr\"; did you mean \"server\"?"},
      {"\nserver = 5", ":2: top level: server is 5, it has to be text"},
      {"window = { secnds = 1 }", "[window]: there is no key \"secnds\"; did you mean \"seconds\"?"},
      {"window = { seconds = 0 }", "seconds is 0, it has to be a whole number from 1 to 86400"},
      {"window = { seconds = 1, packets = 1 }", "a window is one or the other"},
      {"ports = []", "ports is empty"},
      {"tunnels = [\"gre\", \"vxlna\"]",
       "top level: tunnels: there is no tunnel \"vxlna\"; did you mean \"vxlan\"? There are: gre, ipip, 6in4, "
       "vxlan, "},
      {"tunnels = 6", "tunnels holds 6, it has to be text or a list of texts"},
      {"server = \"\\u00e9\"\nwindow = { lateness = nan }", "it has to be a finite number"},
      {"window = { lateness = -1 }", "lateness is from 0 to 3600 seconds"},
      {"ports = [53, 70000]", "ports is 70000, it has to be a whole number from 1 to 65535"},
      {"[[source]]\ninterface = \"a\"\nfile = \"b\"", "names one of interface"},
      {"[[source]]\nspeedy = \"a\"\ndnstap = \"b\"", "names one of interface"},
      {"[[source]]\nfile = \"a\"\n[[source]]\ninterface = \"b\"",
       "interfaces are read with other interfaces, and nothing beside them"},
      {"[[source]]\ninterface = \"a\"\n[[source]]\nfile = \"b\"",
       "interfaces are read with other interfaces, and nothing beside them"},
      {"[[source]]\ninterface = \"a\"\nfilter = \"tcp\"\n[[source]]\ninterface = \"b\"\nfilter = \"udp\"",
       "has another filter than the one before: it holds for all interfaces together"},
      {"[[source]]\nfile = \"a\"\nring_mib = 5", "ring_mib is for interfaces"},
      {"[[source]]\ninterface = \"a\"\nring_mib = 0", "ring_mib is 0, it has to be a whole number from 1 to 65536"},
      {"[[source]]\nfile = [1]", "file"},
      {"[[reducer]]\ntype = \"QueriesPerSec\"",
       "there is no reducer type \"QueriesPerSec\"; did you mean \"QueriesPerSecond\"? There are: count_by, "},
      {"[[reducer]]\ntype = \"QueriesPerSecond\"\nlimit = 5",
       ":3: [[reducer]]: there is no key \"limit\" here; other types of [[reducer]] take it. Here are: name, send, "
       "type"},
      {"lateness = 2", ":1: top level: there is no key \"lateness\" here; it belongs in [window]. Here are: access, "},
      {"cells = 2", "it belongs in [[reducer]] or in [aggregate]. "},
      {"[window]\nthreads = 2", ":2: [window]: there is no key \"threads\" here; it belongs at the top of the file, "},
      {"[[reducer]]\nby = \"qtype\"",
       ":1: [[reducer]]: type is missing; any statistic is type = \"count_by\" with by = "},
      {"[[reducer]]\ntype = \"message_size:512\"",
       "message_size is a dimension: type = \"count_by\" with by = \"message_size:512\" counts by it; "},
      {"[[reducer]]\ntype = \"qtype\"", "qtype is a dimension: type = \"count_by\" with by = \"qtype\" counts by it; "},
      {"[[reducer]]\ntype = \"qtype\"",
       "there is no reducer type \"qtype\"; did you mean \"Qtype\"? There are: count_by, "},
      {"[[reducer]]\ntype = \"querynamecounter\"", "did you mean \"QueriesNameCounter\"? There are: "},
      {"keep_malformed = \"\"", ":1: top level: keep_malformed is empty; give it something, or leave the key out"},
      {"[[source]]\nfile = []", ":2: [[source]]: file is empty; "},
      {"[[source]]\ninterface = [\"a\", \"\"]", ":2: [[source]]: interface: \"\" names nothing"},
      {"[[reducer]]\ntype = \"count_by\"\nby = \"qtype\"\nmeasure = []", ":4: [[reducer]]: measure is empty; "},
      {"[[reducer]]\ntype = \"count_by\"\nby = \"qtype\"\nlimit = []", ":4: [[reducer]]: limit is empty; "},
      {"[[reducer]]\ntype = \"Qtype\"\nsend = []", "send has to be a list of one or more"},
      {"[[reducer]]\ntype = \"QueriesPerSecond\"\nsend = [{ channel = \"hub\" }]",
       "sends to the channel \"hub\", which is not configured"},
      {"[[reducer]]\ntype = \"QueriesPerSecond\"\n[[reducer]]\ntype = \"QueriesPerSecond\"",
       "two reducers have the name"},
      {"[[reducer]]\ntype = \"count_by\"\nby = \"rcod\"", "there is no dimension \"rcod\""},
      {"[[channel]]\nname = \"x\"", "needs a name and a url"},
      {"[serve]\nlisten = \"8353\"", "is no ADDRESS:PORT"},
      {"[serve]\nlisten = \"0.0.0.0:8353\"", "listening beyond loopback needs tls = "},
      {"[[processor]]\ntype = \"top_nam\"", "top_names"},
      {"[[location]]\nlatitude = 3", "needs server"},
      {"[[location]]\nserver = \"x\"\nlatitude = 91", "latitude from -90 to 90"},
      {"[[processor]]\ntype = \"top_names\"\nreads = \"nope\"", "reads the reducer \"nope\""},
      {"x = ", ":1: "},
  };
  for (const auto& test : cases) {
    const auto config = read(test.text);
    ASSERT_FALSE(config) << test.text;
    EXPECT_NE(config.error().message.find(test.says), std::string::npos) << config.error().message;
    EXPECT_NE(config.error().message.find(path_.string()), std::string::npos) << config.error().message;
  }
}

TEST_F(ConfigTest, A_source_of_messages_is_named_by_its_kind) {
  const auto dnstap = read("[[source]]\ndnstap = \"tcp:127.0.0.1:6000\"\n");
  EXPECT_EQ(dnstap->source->what, std::vector<std::string>{"dnstap:tcp:127.0.0.1:6000"});
  EXPECT_FALSE(dnstap->source->arrival_time);
  EXPECT_TRUE(validate_source(*dnstap));
  auto speedy = *read("[[source]]\nspeedy = \"-\"\narrival_time = false\n");
  EXPECT_EQ(speedy.source->what, std::vector<std::string>{"speedy:-"});
  EXPECT_NE(validate_source(speedy).error().message.find("window = { packets = 1000 }, or arrival_time = true"),
            std::string::npos);
  speedy.source->arrival_time = true;
  EXPECT_TRUE(validate_source(speedy));
  speedy.from = util::from_seconds(1);
  EXPECT_NE(validate_source(speedy).error().message.find("Speedy JSON has none"), std::string::npos);
  const auto filtered = read("[[source]]\ndnstap = \"x\"\nfilter = \"port 53\"\n");
  EXPECT_NE(validate_source(*filtered).error().message.find("there are no frames in this"), std::string::npos);
}

TEST_F(ConfigTest, A_file_that_is_not_there_is_named) {
  const auto config = read_config("/nonexistent.toml");
  ASSERT_FALSE(config);
  EXPECT_NE(config.error().message.find("/nonexistent.toml"), std::string::npos);
}

TEST_F(ConfigTest, Tunnels_are_opened_unless_told_otherwise_and_part_of_what_makes_a_run_another_one) {
  const auto all = read("server = \"x\"");
  const auto two = read("server = \"x\"\ntunnels = [\"6in4\", \"gre\"]");
  const auto none = read("server = \"x\"\ntunnels = []");
  ASSERT_TRUE(all && two && none);
  EXPECT_EQ(all->tunnels, decode::TunnelSet{});
  EXPECT_TRUE(two->tunnels.has(decode::Tunnel::six_in_four) && two->tunnels.has(decode::Tunnel::gre));
  EXPECT_FALSE(two->tunnels.has(decode::Tunnel::vxlan));
  EXPECT_TRUE(none->tunnels.empty());
  EXPECT_NE(all->fingerprint(), two->fingerprint());
  EXPECT_NE(two->fingerprint(), none->fingerprint());
}

TEST_F(ConfigTest, What_may_wait_to_be_joined_can_be_bounded) {
  const auto usual = read("server = \"x\"");
  const auto small = read(
      "server = \"x\"\n[limits]\nstreams = 128\nstream_octets = 70000\nstreams_octets = 560000\n"
      "stream_idle_seconds = 7\ndatagrams = 5\ndatagrams_octets = 65535\ndatagram_age_seconds = 3\n");
  ASSERT_TRUE(usual && small);
  EXPECT_EQ(small->streams.streams, 128u);
  EXPECT_EQ(small->streams.stream_octets, 70'000u);
  EXPECT_EQ(small->streams.total_octets, 560'000u);
  EXPECT_EQ(small->streams.stream_idle_ns, 7 * util::ns_per_second);
  EXPECT_EQ(small->fragments.datagrams, 5u);
  EXPECT_EQ(small->fragments.octets, 65'535u);
  EXPECT_EQ(small->fragments.age_ns, 3 * util::ns_per_second);
  EXPECT_NE(usual->fingerprint(), small->fingerprint());
  EXPECT_NE(read("[limits]\nstream_octets = 1000\n").error().message.find("65537"), std::string::npos);
  EXPECT_NE(read("[limits]\nstreams = 127\n").error().message.find("8 shards need 128 or more"), std::string::npos);
  EXPECT_NE(read("shards = 256\n").error().message.find("need 67108864 or more"), std::string::npos);
}

TEST(Config, The_embedded_one_is_valid) {
  const auto valid = validate(embedded_config());
  EXPECT_TRUE(valid) << valid.error().message;
}

TEST(Config, Every_example_is_read) {
  std::size_t files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(RATADNS_ROOT "/config")) {
    if (entry.path().filename().string().starts_with("aggregate")) continue;  // not a monitor's: tests/unit/hub
    const auto config = read_config(entry.path().string());
    EXPECT_TRUE(config) << config.error().message;
    ++files;
  }
  EXPECT_GT(files, 0u);
}

TEST(Config, Listen_addresses_are_split) {
  serve::Config serve;
  ASSERT_TRUE(settings::parse_listen("127.0.0.1:0", serve));
  EXPECT_EQ(serve.port, 0);
  ASSERT_TRUE(settings::parse_listen("[::1]:80", serve));
  EXPECT_EQ(serve.address, "::1");
  ASSERT_TRUE(settings::parse_listen("localhost:81", serve));
  EXPECT_EQ(serve.address, "127.0.0.1");
  for (const char* bad : {"", ":", "80", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1"})
    EXPECT_FALSE(settings::parse_listen(bad, serve)) << bad;
}

}  // namespace
}  // namespace rata::pipeline
