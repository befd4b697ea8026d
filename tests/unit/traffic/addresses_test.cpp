#include "traffic/addresses.h"

#include <gtest/gtest.h>

#include <set>

namespace rata::traffic {
namespace {

TEST(Addresses, ipv6_is_written_as_rfc_5952_says) {
  const struct {
    Address address;
    const char* expected;
  } cases[] = {
      {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:db8::1"},
      {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 1, 0, 1, 0, 1, 0, 1}, "2001:db8:0:1:1:1:1:1"},  // one group
      {{0x20, 0x01, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1}, "2001:0:0:1::1"},               // the longest
      {{0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1}, "2001:db8::1:0:0:1"},     // the first
      {{0x20, 0x01, 0x0d, 0xb8, 0, 1, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0}, "2001:db8:1:1:1:1::"},    // at the end
      {{}, "::"},
  };
  for (const auto& [address, expected] : cases) EXPECT_EQ(text(address, true), expected);
  EXPECT_EQ(text({192, 0, 2, 1}, false), "192.0.2.1");
}

TEST(Addresses, clients_are_distinct_and_as_many_as_asked_for) {
  Options options;
  options.clients = 50'000;
  options.v6 = .25;
  const Addresses addresses(options);
  EXPECT_EQ(addresses.clients(false).size(), 37'500U);
  EXPECT_EQ(addresses.clients(true).size(), 12'500U);
  for (const bool v6 : {false, true}) {
    const auto& clients = addresses.clients(v6);
    EXPECT_EQ(std::set<Address>(clients.begin(), clients.end()).size(), clients.size());
  }
}

TEST(Addresses, a_client_uses_every_port_for_tcp_before_it_uses_one_again) {
  Options options;
  options.clients = 10;
  Addresses addresses(options);
  Flow flow;
  flow.client_index = 3;
  std::set<std::uint16_t> ports;
  for (int i = 0; i < 64'512; ++i) {
    const std::uint16_t port = addresses.next_tcp_port(flow);
    ASSERT_GE(port, 1024);
    ports.insert(port);
  }
  EXPECT_EQ(ports.size(), 64'512U);
  EXPECT_TRUE(ports.contains(addresses.next_tcp_port(flow)));
}

TEST(Addresses, families_come_with_the_share_asked_for) {
  Options options;
  options.clients = 100;
  options.v6 = .4;
  const Addresses addresses(options);
  Random random(1);
  int v6 = 0;
  for (int i = 0; i < 100'000; ++i) v6 += addresses.draw_flow(random, Addresses::Family::any).v6;
  EXPECT_NEAR(v6 / 100'000.0, .4, .01);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(addresses.draw_flow(random, Addresses::Family::v4_if_there_is_one).v6);
}

}  // namespace
}  // namespace rata::traffic
