#include "pipeline/server_map.h"

#include <gtest/gtest.h>

namespace rata::pipeline {
namespace {

util::Address address(const std::string& text) { return reduce::read_prefix(text)->address; }

TEST(ServerMap, The_longest_prefix_decides_then_the_input_then_number_0) {
  ServerMap map(5);
  map.add_network(*reduce::read_prefix("192.0.2.0/24"), 1);
  map.add_network(*reduce::read_prefix("192.0.2.53"), 2);
  map.add_network(*reduce::read_prefix("2001:db8::/32"), 3);
  map.add_network(*reduce::read_prefix("2001:db8:0:1::/64"), 1);
  map.add_input(1, 4);
  const auto of = [&](const std::string& server, std::uint16_t input) {
    ServerMap::Memory memory;
    const std::size_t first = map.of(address(server), input, memory);
    EXPECT_EQ(map.of(address(server), input, memory), first) << "remembered";
    return first;
  };
  EXPECT_EQ(of("192.0.2.1", 0), 1u);
  EXPECT_EQ(of("192.0.2.53", 1), 2u) << "an address goes before the input";
  EXPECT_EQ(of("192.0.3.53", 0), 0u);
  EXPECT_EQ(of("192.0.3.53", 1), 4u);
  EXPECT_EQ(of("192.0.3.53", 9), 0u) << "an input that nobody named";
  EXPECT_EQ(of("2001:db8::1", 0), 3u);
  EXPECT_EQ(of("2001:db8:0:1::1", 0), 1u);
  EXPECT_EQ(of("2001:db9::1", 0), 0u);
}

TEST(ServerMap, The_answer_remembered_for_an_address_does_not_stick_to_another_input) {
  ServerMap map(2);
  map.add_input(1, 1);
  ServerMap::Memory memory;
  EXPECT_EQ(map.of(address("192.0.2.53"), 0, memory), 0u);
  EXPECT_EQ(map.of(address("192.0.2.53"), 1, memory), 1u);
}

}  // namespace
}  // namespace rata::pipeline
