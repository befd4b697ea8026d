#include "channel/https_url.h"

#include <gtest/gtest.h>

#include "channel/channel.h"

namespace rata::channel {
namespace {

TEST(HttpsUrl, Names_a_place_and_a_prefix) {
  const struct {
    const char* url;
    const char* host;
    unsigned port;
    const char* prefix;
    const char* shown;
  } cases[] = {
      {"https://hub.example", "hub.example", 8353, "", "https://hub.example:8353"},
      {"https://hub.example/", "hub.example", 8353, "", "https://hub.example:8353"},
      {"https://hub.example:443/dns/", "hub.example", 443, "/dns", "https://hub.example:443/dns"},
      {"https://[2001:db8::1]/a/b", "2001:db8::1", 8353, "/a/b", "https://[2001:db8::1]:8353/a/b"},
      {"https://192.0.2.1:65535", "192.0.2.1", 65535, "", "https://192.0.2.1:65535"},
      {"http://localhost", "localhost", 8353, "", "http://localhost:8353"},
      {"http://127.1.2.3:1", "127.1.2.3", 1, "", "http://127.1.2.3:1"},
      {"http://[::1]", "::1", 8353, "", "http://[::1]:8353"},
  };
  for (const auto& test : cases) {
    const auto url = parse_https_url(test.url);
    ASSERT_TRUE(url) << url.error().message;
    EXPECT_EQ(url->place.host, test.host);
    EXPECT_EQ(url->place.port, test.port);
    EXPECT_EQ(url->prefix, test.prefix);
    EXPECT_EQ(url->text(), test.shown);
  }
}

TEST(HttpsUrl, Of_another_form_is_refused) {
  for (const char* url : {"https://", "https:///dns", "https://hub.example:0", "https://hub.example:65536",
                          "https://hub.example:x", "https://[::1", "https://[::1]8353", "https://hub.example/?a=b",
                          "https://hub.example/#a", "https://hub example", "https://hub.example/\r\nX-Header: 1"}) {
    const auto parsed = parse_https_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_NE(parsed.error().message.find("is no https://HOST[:PORT][/PREFIX]"), std::string::npos)
        << parsed.error().message;
  }
}

TEST(HttpsUrl, Without_tls_leads_only_to_this_machine) {
  for (const char* url : {"http://hub.example", "http://192.0.2.1:80", "http://[2001:db8::1]", "http://0.0.0.0"}) {
    const auto parsed = parse_https_url(url);
    ASSERT_FALSE(parsed) << url;
    EXPECT_NE(parsed.error().message.find("use https://"), std::string::npos) << parsed.error().message;
  }
}

TEST(HttpsUrl, With_a_login_is_refused_without_showing_it) {
  for (const char* url : {"https://s3cret@hub.example", "https://ns1:s3cret@hub.example:1/x"}) {
    const auto opened = open_channel({.url = url});
    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().message.find("token_file or token_env"), std::string::npos) << opened.error().message;
    EXPECT_EQ(opened.error().message.find("s3cret"), std::string::npos) << opened.error().message;
    EXPECT_EQ(shown_url(url).find("s3cret"), std::string::npos) << shown_url(url);
  }
}

}  // namespace
}  // namespace rata::channel
