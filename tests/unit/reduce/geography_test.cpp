#include "reduce/geography.h"

#include <gtest/gtest.h>

#include "support/dimensions.h"
#include "support/mmdb.h"

namespace rata::reduce {
namespace {

using tests::Messages;
using tests::MmdbWriter;
using tests::value_of;
using What = Geography::What;

std::string countries() {
  MmdbWriter writer("Example-Country");
  writer.add("192.0.2.0/24", MmdbWriter::country("CL"));
  writer.add("198.51.100.7", MmdbWriter::country("NL"));
  writer.add("2001:db8:1::/48", MmdbWriter::country("DE"));
  writer.add("192.0.0.0/24", MmdbWriter::map({{"country_code", MmdbWriter::text("PE")}}));  // as ip-location-db has it
  writer.add("203.0.113.0/25", MmdbWriter::map({{"continent", MmdbWriter::map({{"code", MmdbWriter::text("EU")}})}}));
  writer.add("203.0.113.128/25", MmdbWriter::country("x"));
  return writer.bytes();
}

std::string networks(unsigned ip_version = 6) {
  MmdbWriter writer("Example-ASN", ip_version);
  writer.add("192.0.2.0/24", MmdbWriter::network(64'496));
  writer.add("198.51.100.0/24", MmdbWriter::network(4'200'000'000));
  return writer.bytes();
}

TEST(Geography, Dimensions_say_where_addresses_are) {
  Context context;
  const auto country = Geography::open(MmdbWriter::write("country", countries()), What::country);
  const auto network = Geography::open(MmdbWriter::write("asn", networks()), What::network);
  ASSERT_TRUE(country) << country.error().message;
  ASSERT_TRUE(network) << network.error().message;
  context.countries = *country;
  context.networks = *network;
  const struct {
    const char *client, *country, *asn;
  } cases[] = {
      {"192.0.2.0", "CL", "AS64496"},          {"192.0.2.255", "CL", "AS64496"},
      {"192.0.3.0", "unknown", "unknown"},     {"192.0.0.7", "PE", "unknown"},
      {"198.51.100.7", "NL", "AS4200000000"},  {"198.51.100.8", "unknown", "AS4200000000"},
      {"2001:db8:1::7", "DE", "unknown"},      {"2001:db8:2::7", "unknown", "unknown"},
      {"203.0.113.1", "unknown", "unknown"},    // has no country
      {"203.0.113.200", "unknown", "unknown"},  // "x" is none
  };
  // Twice: what is remembered is the same.
  for (int round = 0; round < 2; ++round)
    for (const auto& one : cases) {
      Messages messages;
      const Packet query = messages.make({.client = one.client, .server = "203.0.113.53"});
      EXPECT_EQ(value_of("client_country", query, context), one.country) << one.client;
      EXPECT_EQ(value_of("client_asn", query, context), one.asn) << one.client;
      EXPECT_EQ(value_of("source_country", query, context), one.country) << one.client;
      const Packet response = messages.make({.flags = 0x8000, .client = "203.0.113.53", .server = one.client});
      EXPECT_EQ(value_of("client_country", response, context), "unknown");
      EXPECT_EQ(value_of("source_country", response, context), one.country) << one.client;
      EXPECT_EQ(value_of("source_asn", response, context), one.asn) << one.client;
    }
}

TEST(Geography, Without_database_or_address_nothing_is_known) {
  Messages messages;
  Packet packet = messages.make({});
  for (const char* dimension : {"client_country", "client_asn", "source_country", "source_asn"})
    EXPECT_EQ(value_of(dimension, packet), "unknown") << dimension;
  Context context;
  context.countries = *Geography::open(MmdbWriter::write("country", countries()), What::country);
  EXPECT_EQ(value_of("client_country", packet, context), "CL");
  packet.client_text = "Client-7";
  EXPECT_EQ(value_of("client_country", packet, context), "unknown") << "the address was made anonymous";
}

TEST(Geography, A_database_of_ipv4_knows_no_ipv6) {
  const auto network = Geography::open(MmdbWriter::write("v4", networks(4)), What::network);
  ASSERT_TRUE(network) << network.error().message;
  EXPECT_EQ((*network)->code(Messages::address("192.0.2.1")), 64'496u);
  EXPECT_EQ((*network)->code(Messages::address("2001:db8::1")), Geography::unknown);
}

TEST(Geography, Files_that_cannot_be_used_are_refused) {
  const auto why = [](const std::string& path, What what) {
    const auto opened = Geography::open(path, what);
    return opened ? std::string("opened") : opened.error().message.substr(path.size());
  };
  EXPECT_EQ(why("/nonexistent.mmdb", What::country),
            ": cannot be opened as a MaxMind DB file: No such file or directory");
  EXPECT_EQ(why("/", What::country), ": is a folder; a MaxMind DB file is wanted");
  EXPECT_EQ(why(MmdbWriter::write("text", "no database\n"), What::country).substr(0, 40),
            ": cannot be opened as a MaxMind DB file:");
  EXPECT_EQ(why(MmdbWriter::write("empty", ""), What::country).substr(0, 40),
            ": cannot be opened as a MaxMind DB file:");
  EXPECT_EQ(why(MmdbWriter::write("asn", networks()), What::country),
            ": is a database of the type \"Example-ASN\", whose records have no country.iso_code or country_code");
  EXPECT_EQ(why(MmdbWriter::write("country", countries()), What::network),
            ": is a database of the type \"Example-Country\", whose records have no autonomous_system_number");
}

TEST(Geography, Damage_is_an_error_or_unknown_and_never_more) {
  const std::string whole = networks(4);
  // Cut anywhere; and every octet in turn made another: opened or refused, an address can be asked for.
  const auto ask = [](const std::string& bytes) {
    if (const auto opened = Geography::open(MmdbWriter::write("damaged", bytes), What::network))
      for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1"})
        (*opened)->code(Messages::address(address));
    else
      EXPECT_NE(opened.error().message, "");
  };
  for (std::size_t size = 0; size < whole.size(); size += 3) ask(whole.substr(0, size));
  for (std::size_t i = 0; i < whole.size(); ++i) {
    std::string damaged = whole;
    damaged[i] = static_cast<char>(damaged[i] ^ 0xff);
    ask(damaged);
  }
  std::string tree = whole;  // the first record leads nowhere
  tree[0] = tree[1] = tree[2] = '\xff';
  const auto opened = Geography::open(MmdbWriter::write("tree", tree), What::network);
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("is damaged: "), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace rata::reduce
