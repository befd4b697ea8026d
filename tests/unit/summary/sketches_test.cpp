#include "summary/sketches.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace rata::summary {
namespace {

TEST(Distinct, Estimates_are_near_the_truth_at_every_size) {
  std::mt19937_64 random(1);
  for (const std::size_t size : {0u, 1u, 2u, 10u, 100u, 500u, 1000u, 5000u, 20'000u, 300'000u}) {
    Distinct distinct;
    for (std::size_t i = 0; i < size; ++i) distinct.add(random());
    // Four standard errors, and one for those that are few.
    EXPECT_NEAR(distinct.estimate(), static_cast<double>(size), static_cast<double>(size) * 0.065 + 1) << size;
  }
}

TEST(Distinct, What_came_before_changes_nothing) {
  std::mt19937_64 random(2);
  Distinct distinct;
  std::vector<std::uint64_t> hashes(700);
  std::ranges::generate(hashes, random);
  for (const auto hash : hashes) distinct.add(hash);
  const Distinct once = distinct;
  for (const auto hash : hashes) distinct.add(hash);
  EXPECT_EQ(distinct, once);
}

TEST(Distinct, Has_the_same_octets_however_it_was_merged) {
  std::mt19937_64 random(3);
  // Both sides of the bound between a list of registers and all of them.
  for (const std::size_t size : {50u, 500u, 560u, 5000u}) {
    std::vector<std::uint64_t> hashes(size);
    std::ranges::generate(hashes, random);
    Distinct whole;
    std::vector<Distinct> parts(7);
    for (std::size_t i = 0; i < size; ++i) {
      whole.add(hashes[i]);
      parts[i % 7].add(hashes[i]);
      parts[i % 3].add(hashes[i]);
    }
    Distinct forward, backward;
    for (const Distinct& part : parts) forward.merge(part);
    for (auto part = parts.rbegin(); part != parts.rend(); ++part) backward.merge(*part);
    EXPECT_EQ(forward.json().dump(), whole.json().dump());
    EXPECT_EQ(backward.json().dump(), whole.json().dump());
  }
}

TEST(Distinct, A_few_are_listed_and_many_are_written_down_whole) {
  Distinct few;
  few.add(std::uint64_t{5} << 52 | std::uint64_t{1} << 51);  // register 5, no zero before the first one
  few.add(std::uint64_t{9} << 52);                           // register 9, nothing but zeros
  EXPECT_EQ(few.json().dump(), R"({"estimate":2,"sparse":"AFBAJ1"})");
  Distinct many;
  for (std::uint64_t i = 0; i <= Distinct::most_sparse; ++i) many.add(i << 52);
  const auto json = many.json();
  EXPECT_EQ(json["dense"], std::string(Distinct::most_sparse + 1, '1') +
                               std::string(Distinct::registers - Distinct::most_sparse - 1, 'A'));
}

TEST(Distinct, Is_written_in_no_more_octets_than_its_registers_and_their_places_need) {
  std::mt19937_64 random(5);
  Distinct distinct;
  for (int i = 0; i < 400; ++i) distinct.add(random());
  const std::string text = distinct.json()["sparse"];
  EXPECT_LE(text.size(), 3u * 400);
  // Read as docs/wire-format.md says: what was written is the sketch.
  const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  Distinct again;
  for (std::size_t i = 0; i < text.size(); i += 3) {
    const std::uint64_t place = digits.find(text[i]) << 6 | digits.find(text[i + 1]);
    const std::size_t rank = digits.find(text[i + 2]);
    again.add(place << 52 | (rank > 52 ? 0 : std::uint64_t{1} << (52 - rank)));
  }
  EXPECT_EQ(again, distinct);
}

TEST(Distinct, Put_together_from_its_registers_is_the_same_in_either_form) {
  std::mt19937_64 random(6);
  for (const std::size_t size : {0u, 1u, 500u, 560u, 5000u, 200'000u}) {
    Distinct distinct, again;
    for (std::size_t i = 0; i < size; ++i) distinct.add(random());
    distinct.add(0);  // the greatest rank there is
    distinct.each_register(
        [&](std::uint16_t place, std::uint8_t rank) { EXPECT_TRUE(again.raise_checked(place, rank)); });
    EXPECT_EQ(again, distinct) << size;
    EXPECT_EQ(again.json().dump(), distinct.json().dump());
  }
}

TEST(Distinct, Refuses_registers_and_ranks_that_there_are_not) {
  Distinct distinct;
  const std::pair<std::uint64_t, std::uint64_t> refused[] = {
      {Distinct::registers, 1}, {0, 0}, {0, 54}, {0, 256 + 1}, {65536, 1}, {~std::uint64_t{0}, ~std::uint64_t{0}}};
  for (const auto& [place, rank] : refused) EXPECT_FALSE(distinct.raise_checked(place, rank)) << place << " " << rank;
  EXPECT_EQ(distinct, Distinct());
  EXPECT_TRUE(distinct.raise_checked(Distinct::registers - 1, 53));
  EXPECT_TRUE(distinct.raise_checked(0, 1));
}

TEST(Quantiles, Are_at_most_four_per_mille_off_and_the_largest_is_exact) {
  std::mt19937_64 random(4);
  std::vector<std::uint64_t> values(20'000);
  Quantiles quantiles;
  for (auto& value : values)
    quantiles.add(value = static_cast<std::uint64_t>(std::exp(static_cast<double>(random() % 20'000) / 1000)));
  std::ranges::sort(values);
  for (const double share : {0.01, 0.5, 0.9, 0.99}) {
    const auto truth = static_cast<double>(values[static_cast<std::size_t>(share * 20'000)]);
    EXPECT_NEAR(quantiles.quantile(share), truth, truth * 0.004) << share;
  }
  EXPECT_EQ(quantiles.json()["max"], values.back());
}

TEST(Quantiles, Are_the_values_at_their_place_and_none_between_two) {
  Quantiles quantiles;
  // Of 1 to 100: as many as 50 do not exceed 50, more than half only 51.
  for (std::uint64_t value = 100; value > 0; --value) quantiles.add(value);
  const std::pair<double, double> of_100[] = {{0, 1}, {0.495, 50}, {0.5, 51}, {0.9, 91}, {0.99, 100}, {1, 100}};
  for (const auto& [share, value] : of_100) EXPECT_EQ(quantiles.quantile(share), value) << share;
  Quantiles two;
  for (const std::uint64_t value : {0u, 255u}) two.add(value);
  EXPECT_EQ(two.quantile(0.49), 0);
  EXPECT_EQ(two.quantile(0.5), 255);
}

TEST(Quantiles, Of_nothing_are_zero_and_small_numbers_exact) {
  Quantiles quantiles;
  EXPECT_EQ(quantiles.json().dump(), R"({"count":0,"p50":0.0,"p90":0.0,"p99":0.0,"max":0,"buckets":[]})");
  for (const std::uint64_t value : {12u, 12u, 40u}) quantiles.add(value);
  EXPECT_EQ(quantiles.json().dump(),
            R"({"count":3,"p50":12.0,"p90":40.0,"p99":40.0,"max":40,"buckets":[[12,2],[40,1]]})");
}

TEST(Quantiles, Put_together_from_their_buckets_are_the_same) {
  std::mt19937_64 random(7);
  for (const int size : {0, 1, 2, 100, 20'000}) {
    Quantiles quantiles, again;
    for (int i = 0; i < size; ++i) quantiles.add(random() >> random() % 64);
    if (size == 2) quantiles.add(~std::uint64_t{0});
    quantiles.each_bucket(
        [&](std::uint16_t bucket, std::uint64_t count) { EXPECT_TRUE(again.add_bucket(bucket, count)); });
    EXPECT_TRUE(again.set_max(quantiles.max()));
    EXPECT_EQ(again, quantiles) << size;
    EXPECT_EQ(again.json().dump(), quantiles.json().dump());
  }
}

TEST(Quantiles, Refuse_buckets_that_there_are_not_and_a_maximum_outside_the_last_one) {
  constexpr std::uint64_t all = ~std::uint64_t{0};
  Quantiles quantiles;
  EXPECT_TRUE(quantiles.set_max(0));
  EXPECT_FALSE(quantiles.set_max(1));
  for (const std::uint64_t bucket : {std::uint64_t{58} * 128, std::uint64_t{65536}, all})
    EXPECT_FALSE(quantiles.add_bucket(bucket, 1)) << bucket;
  EXPECT_FALSE(quantiles.add_bucket(3, 0));
  EXPECT_EQ(quantiles, Quantiles());
  EXPECT_TRUE(quantiles.add_bucket(256, 2));  // 256 and 257
  EXPECT_EQ(quantiles.max(), 256u);
  for (const std::uint64_t value : {std::uint64_t{255}, std::uint64_t{258}, all})
    EXPECT_FALSE(quantiles.set_max(value));
  EXPECT_TRUE(quantiles.set_max(257));
  EXPECT_FALSE(quantiles.add_bucket(3, all - 1));
  EXPECT_TRUE(quantiles.add_bucket(3, all - 2));
  EXPECT_EQ(quantiles.count(), all);
  EXPECT_EQ(quantiles.max(), 257u);
}

}  // namespace
}  // namespace rata::summary
