#include "pipeline/knowledge.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/mmdb.h"

namespace rata::pipeline {
namespace {

using tests::MmdbWriter;

util::Result<Config> read(const std::string& text) { return read_config(MmdbWriter::write("config.toml", text)); }

util::Address address(const char* text) { return reduce::read_prefix(text)->address; }

std::string count_by(const char* dimension) {
  return std::string("[[reducer]]\ntype = \"count_by\"\nname = \"") + dimension + "\"\nby = \"" + dimension + "\"\n";
}

TEST(KnowledgeTest, What_is_configured_is_read) {
  MmdbWriter countries("Example-Country"), networks("Example-ASN");
  countries.add("192.0.2.0/24", MmdbWriter::country("CL"));
  networks.add("192.0.2.0/24", MmdbWriter::network(64'496));
  const std::string tlds = MmdbWriter::write("tlds", "example\n"), suffixes = MmdbWriter::write("psl", "co.example\n");
  const std::string country = MmdbWriter::write("country", countries.bytes());
  const std::string asn = MmdbWriter::write("asn", networks.bytes());
  const auto config =
      read("local = [\"192.0.2.0/24\", \"2001:db8::53\"]\n[lists]\ntlds = \"" + tlds + "\"\npublic_suffixes = \"" +
           suffixes + "\"\n[geography]\ncountry = \"" + country + "\"\nasn = \"" + asn + "\"\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto knowledge = gather_knowledge(*config);
  ASSERT_TRUE(knowledge) << knowledge.error().message;
  const reduce::Context& context = knowledge->context;
  EXPECT_TRUE(context.local.contains(address("192.0.2.200")));
  EXPECT_TRUE(context.local.contains(address("2001:db8::53")));
  EXPECT_FALSE(context.local.contains(address("2001:db8::54")));
  EXPECT_EQ(context.top_level_domains->size(), 1u);
  EXPECT_EQ(context.public_suffixes->rules(), 1u);
  EXPECT_EQ(reduce::country_text(context.countries->code(address("192.0.2.1"))), "CL");
  EXPECT_EQ(reduce::network_text(context.networks->code(address("192.0.2.1"))), "AS64496");
  EXPECT_EQ(knowledge->found,
            (std::vector<std::string>{tlds + ": 1 top-level domains", suffixes + ": 1 public suffixes",
                                      country + ": a database of addresses", asn + ": a database of addresses"}));
  EXPECT_TRUE(knowledge->left_open.empty());
}

TEST(KnowledgeTest, What_reducers_ask_for_and_nobody_configured_is_said) {
  const auto config = read(count_by("client_country") + count_by("client_asn") + count_by("qtype"));
  ASSERT_TRUE(config) << config.error().message;
  const auto knowledge = gather_knowledge(*config);
  ASSERT_TRUE(knowledge);
  ASSERT_EQ(knowledge->left_open.size(), 2u);
  EXPECT_EQ(knowledge->left_open[0].find("a reducer counts by country, but [geography] country names no"), 0u);
  EXPECT_EQ(knowledge->left_open[1].find("a reducer counts by asn, but [geography] asn names no"), 0u);
  EXPECT_EQ(knowledge->context.public_suffixes, nullptr) << "nobody asks";
}

TEST(KnowledgeTest, The_usual_list_of_public_suffixes_is_taken_where_it_is) {
  const auto config = read(count_by("registered_domain"));
  ASSERT_TRUE(config) << config.error().message;
  const auto knowledge = gather_knowledge(*config);
  ASSERT_TRUE(knowledge);
  const bool there = std::filesystem::exists(usual_public_suffixes);
  EXPECT_EQ(knowledge->context.public_suffixes != nullptr, there);
  EXPECT_EQ(knowledge->found.size(), there ? 1u : 0u);
  EXPECT_EQ(knowledge->left_open.size(), there ? 0u : 1u);
}

TEST(KnowledgeTest, What_is_wrong_is_said_with_its_key_and_file) {
  const auto local = read("local = \"192.0.2.0/33\"");
  ASSERT_FALSE(local);
  EXPECT_NE(local.error().message.find("local: \"192.0.2.0/33\" is no address or network"), std::string::npos);
  EXPECT_FALSE(read("[lists]\ntld = \"x\""));
  EXPECT_FALSE(read("[geography]\ncountries = \"x\""));
  const std::string bad = MmdbWriter::write("bad", "com\n..\n");
  const struct {
    std::string text, why;
  } cases[] = {
      {"[lists]\ntlds = \"/nonexistent\"", "lists: tlds: /nonexistent: cannot be read: No such file or directory"},
      {"[lists]\ntlds = \"" + bad + "\"", "lists: tlds: " + bad + ": line 2: is no top-level domain"},
      {"[lists]\npublic_suffixes = \"" + bad + "\"", "lists: public_suffixes: " + bad + ": line 2: is no rule"},
      {"[geography]\ncountry = \"" + bad + "\"", "geography: country: " + bad + ": cannot be opened as a MaxMind DB"},
      {"[geography]\nasn = \"/nonexistent\"",
       "geography: asn: /nonexistent: cannot be opened as a MaxMind DB file: No such file or directory"},
  };
  for (const auto& one : cases) {
    const auto config = read(one.text);
    ASSERT_TRUE(config) << config.error().message;
    const auto knowledge = gather_knowledge(*config);
    ASSERT_FALSE(knowledge) << one.text;
    EXPECT_EQ(knowledge.error().message.substr(0, one.why.size()), one.why);
  }
}

TEST(KnowledgeTest, Servers_that_are_watched_are_of_this_side) {
  const auto config = read("[[server]]\nname = \"ns1\"\naddresses = [\"192.0.2.53\"]\n");
  ASSERT_TRUE(config) << config.error().message;
  const auto knowledge = gather_knowledge(*config);
  ASSERT_TRUE(knowledge);
  EXPECT_TRUE(knowledge->context.local.contains(address("192.0.2.53")));
  EXPECT_FALSE(knowledge->context.local.contains(address("192.0.2.54")));
}

TEST(KnowledgeTest, Another_list_is_another_configuration) {
  const auto plain = read("server = \"ns1\""), local = read("server = \"ns1\"\nlocal = \"192.0.2.53\"");
  ASSERT_TRUE(plain && local);
  EXPECT_NE(plain->fingerprint(), local->fingerprint());
}

}  // namespace
}  // namespace rata::pipeline
