#include "serve/places.h"

#include <gtest/gtest.h>

namespace rata::serve {
namespace {

constexpr Places::Limits limits{.all = 4, .per_address = 2};

Peer peer(std::uint8_t last_octet) { return {.address = util::Address{.octets = {192, 0, 2, last_octet}}}; }

TEST(Places, One_address_does_not_get_them_all) {
  Places places;
  EXPECT_TRUE(places.take(peer(1), limits));
  EXPECT_TRUE(places.take(peer(1), limits));
  EXPECT_FALSE(places.take(peer(1), limits));
  EXPECT_TRUE(places.take(peer(2), limits));
  places.give_back(peer(1));
  EXPECT_TRUE(places.take(peer(1), limits));
}

TEST(Places, Together_they_get_no_more_than_there_are) {
  Places places;
  for (std::uint8_t number = 0; number < 4; ++number) EXPECT_TRUE(places.take(peer(number), limits));
  EXPECT_FALSE(places.take(peer(4), limits));
  places.give_back(peer(0));
  EXPECT_TRUE(places.take(peer(4), limits));
}

TEST(Places, Loopback_may_have_them_all) {
  Places places;
  Peer local{.address = util::Address{.octets = {127, 0, 0, 1}}, .loopback = true};
  for (int number = 0; number < 4; ++number) EXPECT_TRUE(places.take(local, limits));
  EXPECT_FALSE(places.take(local, limits));
}

TEST(Places, A_64_of_IPv6_is_one_address) {
  Places places;
  Peer host{.address = util::Address{.octets = {0x20, 0x01, 0x0d, 0xb8}, .v6 = true}};
  for (std::uint8_t number = 0; number < 3; ++number) {
    host.address.octets[15] = number;
    EXPECT_EQ(places.take(host, limits), number < 2);
  }
  host.address.octets[7] = 1;
  EXPECT_TRUE(places.take(host, limits));
}

}  // namespace
}  // namespace rata::serve
