#include "serve/places.h"

#include <gtest/gtest.h>

namespace rata::serve {
namespace {

using Place = Places::Place;

constexpr Places::Limits limits{.all = 4, .per_address = 2};

Peer peer(std::uint8_t last_octet) { return {.address = util::Address{.octets = {192, 0, 2, last_octet}}}; }

TEST(Places, One_address_does_not_get_them_all) {
  Places places;
  EXPECT_EQ(places.take(peer(1), limits), Place::any);
  EXPECT_EQ(places.take(peer(1), limits), Place::any);
  EXPECT_EQ(places.take(peer(1), limits), Place::none);
  EXPECT_EQ(places.take(peer(2), limits), Place::any);
  places.give_back(peer(1));
  EXPECT_EQ(places.take(peer(1), limits), Place::any);
}

TEST(Places, Together_they_get_no_more_than_there_are) {
  Places places;
  for (std::uint8_t number = 0; number < 4; ++number) EXPECT_EQ(places.take(peer(number), limits), Place::any);
  EXPECT_EQ(places.take(peer(4), limits), Place::none);
  places.give_back(peer(0));
  EXPECT_EQ(places.take(peer(4), limits), Place::any);
}

TEST(Places, The_last_are_for_senders_whoever_has_the_others) {
  constexpr Places::Limits kept{.all = 4, .per_address = 2, .for_senders = 1};
  Places places;
  for (std::uint8_t number = 0; number < 3; ++number) EXPECT_EQ(places.take(peer(number), kept), Place::any);
  EXPECT_EQ(places.take(peer(3), kept), Place::for_senders);
  EXPECT_EQ(places.take(peer(4), kept), Place::none);
  places.give_back(peer(0));
  EXPECT_EQ(places.take(peer(4), kept), Place::for_senders);
  places.give_back(peer(3));
  places.give_back(peer(4));
  EXPECT_EQ(places.take(peer(5), kept), Place::any);
}

TEST(Places, Loopback_may_have_them_all) {
  Places places;
  Peer local{.address = util::Address{.octets = {127, 0, 0, 1}}, .loopback = true};
  for (int number = 0; number < 4; ++number) EXPECT_EQ(places.take(local, limits), Place::any);
  EXPECT_EQ(places.take(local, limits), Place::none);
}

TEST(Places, A_64_of_IPv6_is_one_address) {
  Places places;
  Peer host{.address = util::Address{.octets = {0x20, 0x01, 0x0d, 0xb8}, .v6 = true}};
  for (std::uint8_t number = 0; number < 3; ++number) {
    host.address.octets[15] = number;
    EXPECT_EQ(places.take(host, limits), number < 2 ? Place::any : Place::none);
  }
  host.address.octets[7] = 1;
  EXPECT_EQ(places.take(host, limits), Place::any);
}

}  // namespace
}  // namespace rata::serve
