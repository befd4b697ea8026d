#include "serve/target.h"

#include <gtest/gtest.h>

namespace rata::serve {
namespace {

std::string value(const Target& target, std::string_view name) {
  const std::string* found = target.parameter(name);
  return found ? *found : "(none)";
}

TEST(Target, Path_and_query_are_percent_decoded) {
  const auto target = parse_target("/api/v1/views/top%5Fnames?span=5&server=ns%201%26&span=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/api/v1/views/top_names");
  EXPECT_EQ(value(*target, "span"), "5");
  EXPECT_EQ(value(*target, "server"), "ns 1&");
  EXPECT_EQ(value(*target, "other"), "(none)");
}

TEST(Target, A_plus_is_a_space_in_the_query_only) {
  const auto target = parse_target("/a+b?c+d=e+f%2B");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/a+b");
  EXPECT_EQ(value(*target, "c d"), "e f+");
}

TEST(Target, A_parameter_needs_no_value) {
  const auto target = parse_target("/?a&b=&&c==d?e");
  ASSERT_TRUE(target);
  EXPECT_EQ(value(*target, "a"), "");
  EXPECT_EQ(value(*target, "b"), "");
  EXPECT_EQ(value(*target, "c"), "=d?e");
}

TEST(Target, The_absolute_form_names_the_host) {
  const auto target = parse_target("http://localhost:8353/metrics?x=1");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->authority, "localhost:8353");
  EXPECT_EQ(target->path, "/metrics");
  EXPECT_EQ(parse_target("http://localhost")->path, "/");
  EXPECT_EQ(parse_target("http://localhost?a=b")->path, "/");
}

TEST(Target, What_is_no_path_is_refused) {
  for (const auto* text : {"", "*", "metrics", "http://", "http:///x", "/%", "/%1", "/%zz", "/%-1", "/?a=%", "/?%4=b"})
    EXPECT_FALSE(parse_target(text)) << text;
}

}  // namespace
}  // namespace rata::serve
