#include "channel/redis_url.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "channel/channel.h"

namespace rata::channel {
namespace {

TEST(RedisUrl, Names_a_place_and_a_login) {
  const struct {
    const char* url;
    const char* user;
    const char* password;
    const char* host;
    unsigned port, database;
    const char* shown;
  } cases[] = {
      {"redis://127.0.0.1", "", "", "127.0.0.1", 6379, 0, "redis://127.0.0.1:6379/0"},
      {"redis://hub.example:6380/", "", "", "hub.example", 6380, 0, "redis://hub.example:6380/0"},
      {"redis://[2001:db8::1]:7/3", "", "", "2001:db8::1", 7, 3, "redis://[2001:db8::1]:7/3"},
      {"redis://[::1]", "", "", "::1", 6379, 0, "redis://[::1]:6379/0"},
      {"redis://ns1:s3cret@hub.example/2", "ns1", "s3cret", "hub.example", 6379, 2, "redis://ns1@hub.example:6379/2"},
      {"redis://:s3cret@hub.example", "", "s3cret", "hub.example", 6379, 0, "redis://hub.example:6379/0"},
      {"redis://ns1@hub.example", "ns1", "", "hub.example", 6379, 0, "redis://ns1@hub.example:6379/0"},
      {"redis://n%40s:a%3Ab%2Fc%25@hub.example", "n@s", "a:b/c%", "hub.example", 6379, 0,
       "redis://n@s@hub.example:6379/0"},
      {"rediss://ns1:s3cret@hub.example/2", "ns1", "s3cret", "hub.example", 6379, 2, "rediss://ns1@hub.example:6379/2"},
  };
  for (const auto& test : cases) {
    const auto url = parse_redis_url(test.url);
    ASSERT_TRUE(url) << test.url;
    EXPECT_EQ(url->user, test.user);
    EXPECT_EQ(url->password, test.password);
    EXPECT_EQ(url->host, test.host);
    EXPECT_EQ(url->port, test.port);
    EXPECT_EQ(url->database, test.database);
    EXPECT_EQ(url->text(), test.shown);
    EXPECT_EQ(url->tls, std::string_view(test.url).starts_with("rediss://"));
  }
}

TEST(RedisUrl, Of_another_form_is_refused_without_its_password) {
  for (const char* url :
       {"redis://", "redis://:s3cret@", "redis://:s3cret@hub.example:0", "redis://:s3cret@hub.example:65536",
        "redis://:s3cret@hub.example:x", "redis://:s3cret@hub.example/x", "redis://:s3cret@hub.example/-1",
        "redis://:s3cret@[::1", "redis://:s3cret@[::1]6379", "redis://:s3cret%2@hub.example",
        "redis://:s3cret/@hub.example", "redis://u:s3cret@x@hub.example?db=1", "redis://u:s3cret@hub.example#1"}) {
    const auto parsed = parse_redis_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_NE(parsed.error().message.find("is no redis://[USER:PASSWORD@]HOST[:PORT][/DB]"), std::string::npos);
    EXPECT_EQ(parsed.error().message.find("s3cret"), std::string::npos) << parsed.error().message;
  }
}

TEST(RedisUrl, Is_shown_without_its_password) {
  EXPECT_EQ(shown_url("redis://ns1:s3cret@hub.example/2"), "redis://ns1@hub.example/2");
  EXPECT_EQ(shown_url("redis://:s3/c@ret@hub.example"), "redis://@hub.example");
  EXPECT_EQ(shown_url("redis://hub.example"), "redis://hub.example");
  EXPECT_EQ(shown_url("stdout:"), "stdout:");
}

TEST(RedisPassword, Comes_from_one_place_that_others_cannot_read) {
  const auto path = std::filesystem::temp_directory_path() / ("ratadns-password-test-" + std::to_string(getpid()));
  std::ofstream(path) << "s3cret\n";
  chmod(path.c_str(), 0644);
  const auto says = [](const Settings& settings) {
    const auto opened = open_channel(settings);
    return opened ? std::string("open") : opened.error().message;
  };
  const std::string url = "redis://hub.example";
  EXPECT_NE(says({.url = url, .password_file = path}).find("others may read or write it (mode 0644)"),
            std::string::npos);
  chmod(path.c_str(), 0640);
  EXPECT_EQ(says({.url = url, .password_file = path}), "open");
  EXPECT_NE(says({.url = "redis://:s3cret@hub.example", .password_file = path})
                .find("channel redis://hub.example:6379/0: has its password from one of: the URL, password_file"),
            std::string::npos);
  std::filesystem::remove(path);
  EXPECT_NE(says({.url = url, .password_file = path}).find("cannot be read: No such file"), std::string::npos);
  unsetenv("RATADNS_TEST_PASSWORD");
  EXPECT_NE(says({.url = url, .password_env = "RATADNS_TEST_PASSWORD"}).find("has no RATADNS_TEST_PASSWORD"),
            std::string::npos);
  setenv("RATADNS_TEST_PASSWORD", "s3cret", 1);
  EXPECT_EQ(says({.url = url, .password_env = "RATADNS_TEST_PASSWORD"}), "open");
  unsetenv("RATADNS_TEST_PASSWORD");
}

}  // namespace
}  // namespace rata::channel
