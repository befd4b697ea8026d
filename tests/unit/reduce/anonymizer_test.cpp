#include "reduce/anonymizer.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

namespace rata::reduce {
namespace {

using Method = AnonymizerConfig::Method;

util::Address address(const std::string& text) {
  std::array<std::uint8_t, 16> octets{};
  if (inet_pton(AF_INET, text.c_str(), octets.data()) == 1) return util::Address::v4_from(octets.data());
  EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), octets.data()), 1) << text;
  return util::Address::v6_from(octets.data());
}

class AnonymizerTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("ratadns-anonymizer-test-" + std::to_string(getpid()));
    std::filesystem::create_directory(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& content, mode_t mode = 0600) {
    const auto path = folder_ / "key";
    std::ofstream(path, std::ios::binary) << content;
    chmod(path.c_str(), mode);
    return path;
  }
  Anonymizer make(Method method, const std::string& key_file = "") {
    auto made = Anonymizer::make({.method = method, .key_file = key_file});
    EXPECT_TRUE(made) << made.error().message;
    return *made;
  }
  /// The key that the authors of Crypto-PAn published with their sample trace.
  std::string published_key() {
    static const unsigned char octets[] = {21,  34,  23,  141, 51,  164, 207, 128, 19, 10, 91, 22, 73, 144, 125, 16,
                                           216, 152, 143, 131, 121, 121, 101, 39,  98, 87, 76, 45, 42, 132, 34,  2};
    return file({reinterpret_cast<const char*>(octets), sizeof octets});
  }

  std::filesystem::path folder_;
};

TEST_F(AnonymizerTest, Crypto_PAn_gives_the_published_addresses) {
  const Anonymizer anonymizer = make(Method::crypto_pan, published_key());
  const struct {
    const char* original;
    const char* turned;
  } cases[] = {
      // the authors' sample trace
      {"128.11.68.132", "135.242.180.132"},
      {"129.118.74.4", "134.136.186.123"},
      {"130.132.252.244", "133.68.164.234"},
      {"141.223.7.43", "141.167.8.160"},
      {"141.233.145.108", "141.129.237.235"},
      {"152.163.225.39", "151.140.114.167"},
      {"156.29.3.236", "147.225.12.42"},
      {"165.247.96.84", "162.9.99.234"},
      {"166.107.77.190", "160.132.178.185"},
      {"192.102.249.13", "252.138.62.131"},
      {"192.215.32.125", "252.43.47.189"},
      {"192.233.80.103", "252.25.108.8"},
      {"192.41.57.43", "252.222.221.184"},
      {"193.150.244.223", "253.169.52.216"},
      {"195.205.63.100", "255.186.223.5"},
      {"198.200.171.101", "249.199.68.213"},
      {"199.217.79.101", "248.38.184.213"},
      {"202.49.198.20", "245.206.7.234"},
      {"203.12.160.252", "244.248.163.4"},
      // other implementations' values for IPv6, the same scheme over 128 bits
      {"::1", "78ff:f001:9fc0:20df:8380:b1f1:704:ed"},
      {"::2", "78ff:f001:9fc0:20df:8380:b1f1:704:ef"},
      {"2001:db8::1", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1e"},
      {"2001:db8::2", "4401:2bc:603f:d91d:27f:ff8e:e6f1:dc1c"},
  };
  for (const auto& test : cases) EXPECT_EQ(anonymizer.text(address(test.original)), test.turned);
  EXPECT_EQ(anonymizer.hex_text(address("128.11.68.132")), "87f2b484");
}

unsigned common_bits(const util::Address& a, const util::Address& b) {
  for (unsigned bit = 0; bit < 8 * a.bytes().size(); ++bit)
    if (((a.octets[bit / 8] ^ b.octets[bit / 8]) << bit % 8 & 0x80) != 0) return bit;
  return static_cast<unsigned>(8 * a.bytes().size());
}

TEST_F(AnonymizerTest, Crypto_PAn_keeps_prefixes_and_no_two_addresses_become_one) {
  const Anonymizer anonymizer = make(Method::crypto_pan);
  for (const char* base : {"192.0.2.77", "2001:db8:1:2:3:4:5:6"}) {
    const util::Address original = address(base), turned = address(anonymizer.text(original));
    std::set<std::string> all = {anonymizer.text(original)};
    for (unsigned bit = 0; bit < 8 * original.bytes().size(); ++bit) {
      util::Address other = original;
      other.octets[bit / 8] ^= static_cast<std::uint8_t>(0x80u >> bit % 8);
      EXPECT_EQ(common_bits(turned, address(anonymizer.text(other))), bit) << base;
      EXPECT_TRUE(all.insert(anonymizer.text(other)).second);
    }
  }
}

TEST_F(AnonymizerTest, A_key_in_a_file_gives_the_same_text_each_time_and_a_random_one_another) {
  for (const Method method : {Method::crypto_pan, Method::hash}) {
    const std::string key = published_key();
    const std::string text = make(method, key).text(address("192.0.2.1"));
    EXPECT_EQ(make(method, key).text(address("192.0.2.1")), text);
    EXPECT_NE(make(method).text(address("2001:db8::1")), make(method).text(address("2001:db8::1")));
  }
}

TEST_F(AnonymizerTest, A_hash_is_that_of_HMAC_SHA_256_and_tells_kinds_apart) {
  // echo 000102...1f: the key in digits. Expected: `printf 'address\0\xc0\x00\x02\x01' | openssl dgst -sha256 -mac
  // HMAC`
  const std::string key = file("000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F\n");
  const Anonymizer anonymizer = make(Method::hash, key);
  EXPECT_EQ(anonymizer.text(address("192.0.2.1")), "f43f5a8a64ad5b9f");
  EXPECT_EQ(anonymizer.hex_text(address("192.0.2.1")), anonymizer.text(address("192.0.2.1")));
  EXPECT_NE(anonymizer.prefix_text(address("192.0.2.1"), 32), anonymizer.text(address("192.0.2.1")) + "/32");
  EXPECT_EQ(anonymizer.prefix_text(address("192.0.2.1"), 24), anonymizer.prefix_text(address("192.0.2.254"), 24));
  EXPECT_NE(anonymizer.prefix_text(address("192.0.2.1"), 24), anonymizer.prefix_text(address("192.0.3.1"), 24));
}

TEST_F(AnonymizerTest, Truncation_keeps_the_first_bits_and_joins_what_shares_them) {
  const auto anonymizer = Anonymizer::make({.method = Method::truncate, .key_file = "", .ipv4_bits = 20});
  ASSERT_TRUE(anonymizer);
  const struct {
    const char* original;
    const char* cut;
  } cases[] = {{"192.0.47.255", "192.0.32.0"}, {"192.0.2.1", "192.0.0.0"}, {"2001:db8:1:ffff::1", "2001:db8:1::"}};
  for (const auto& test : cases) {
    EXPECT_EQ(anonymizer->counted(address(test.original)), address(test.cut));
    EXPECT_EQ(anonymizer->text(address(test.original)), test.cut);
  }
  EXPECT_EQ(anonymizer->hex_text(address("192.0.47.255")), "c0002000");
  EXPECT_EQ(anonymizer->prefix_text(address("192.0.47.255"), 24), "192.0.32.0/20");
  EXPECT_EQ(anonymizer->prefix_text(address("192.0.47.255"), 8), "192.0.0.0/8");
  EXPECT_EQ(anonymizer->counted_bits(address("192.0.47.255"), 24), 20u);
  EXPECT_EQ(anonymizer->counted_bits(address("192.0.47.255"), 8), 8u);
  EXPECT_EQ(anonymizer->counted_bits(address("2001:db8::"), 56), 48u);
}

TEST_F(AnonymizerTest, Only_truncation_joins_addresses_while_counting) {
  for (const Method method : {Method::none, Method::crypto_pan, Method::hash})
    EXPECT_EQ(make(method).counted(address("192.0.2.1")), address("192.0.2.1")) << name(method);
}

TEST_F(AnonymizerTest, Without_a_method_everything_stays) {
  const Anonymizer anonymizer;
  EXPECT_FALSE(anonymizer.changes());
  EXPECT_EQ(anonymizer.text(address("2001:db8::1")), "2001:db8::1");
  EXPECT_EQ(anonymizer.hex_text(address("192.0.2.1")), "c0000201");
  EXPECT_EQ(anonymizer.prefix_text(address("192.0.2.1"), 24), "192.0.2.0/24");
  EXPECT_EQ(anonymizer.opaque_text("someone"), "someone");
}

TEST_F(AnonymizerTest, Text_in_place_of_an_address_is_hidden_too) {
  for (const Method method : {Method::crypto_pan, Method::hash, Method::truncate}) {
    const Anonymizer anonymizer = make(method);
    EXPECT_EQ(anonymizer.opaque_text("192.0.2.1").size(), 16u);
    const std::string other = anonymizer.opaque_text("ns1.example");
    EXPECT_EQ(other.size(), 16u);
    EXPECT_EQ(anonymizer.opaque_text("ns1.example"), other);
  }
}

TEST_F(AnonymizerTest, A_line_end_behind_a_key_is_none_of_it_but_one_inside_is) {
  const std::string plain(32, 'k'), last_is_line_end = std::string(31, 'k') + '\n';
  const std::string text = make(Method::hash, file(plain)).text(address("192.0.2.1"));
  EXPECT_EQ(make(Method::hash, file(plain + "\n")).text(address("192.0.2.1")), text);
  EXPECT_NE(make(Method::hash, file(last_is_line_end)).text(address("192.0.2.1")), text);
}

TEST_F(AnonymizerTest, What_is_no_key_is_refused_and_never_shown) {
  const struct {
    std::string content;
    mode_t mode;
    const char* says;
  } cases[] = {
      {std::string(64, 'x'), 0600, "has 64 octets; a key is 32 octets or their 64 hexadecimal digits"},
      {std::string(31, 'x'), 0600, "has 31 octets"},
      {"", 0600, "is empty"},
      {std::string(64, 'a'), 0640, "others may read or write it (mode 0640); chmod 0600"},
      {std::string(64, 'a'), 0604, "(mode 0604)"},
  };
  for (const auto& test : cases) {
    const auto made = Anonymizer::make({.method = Method::hash, .key_file = file(test.content, test.mode)});
    ASSERT_FALSE(made) << test.says;
    EXPECT_NE(made.error().message.find(test.says), std::string::npos) << made.error().message;
    EXPECT_EQ(made.error().message.find("xxx"), std::string::npos);
  }
  const auto absent = Anonymizer::make({.method = Method::hash, .key_file = folder_ / "absent"});
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("absent: cannot be read: No such file"), std::string::npos);
  EXPECT_FALSE(Anonymizer::make({.method = Method::truncate, .key_file = "", .ipv4_bits = 33}));
}

TEST_F(AnonymizerTest, An_unknown_method_is_refused_with_those_there_are) {
  EXPECT_EQ(*anonymizer_method("crypto-pan"), Method::crypto_pan);
  const auto method = anonymizer_method("md5");
  ASSERT_FALSE(method);
  EXPECT_NE(method.error().message.find(R"("none", "crypto-pan", "hash", "truncate")"), std::string::npos);
}

}  // namespace
}  // namespace rata::reduce
