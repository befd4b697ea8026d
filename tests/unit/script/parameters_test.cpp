#include "script/host/parameters.h"

#include <gtest/gtest.h>

#include <string>

namespace rata::script {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* declared_text = R"({
  "limit": {"default": 50, "min": 1, "max": 1000, "help": "how many"},
  "suffix": "example.",
  "exact": true,
  "method": {"default": "mean", "one_of": ["mean", "median"]},
  "step": {"default": 5, "one_of": [1, 5, 10]},
  "share": {"default": 0.5, "min": 0}
})";

util::Result<Json> check(const std::string& configured, const std::string& declared = declared_text) {
  return check_parameters(Json::parse(declared), Json::parse(configured));
}

TEST(Parameters, Have_their_defaults_where_nothing_is_configured) {
  const auto values = check("{}");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->dump(), R"({"limit":50,"suffix":"example.","exact":true,"method":"mean","step":5,"share":0.5})");
  EXPECT_EQ(check("{}", "{}")->dump(), "{}");
}

TEST(Parameters, Are_what_is_configured) {
  const auto values =
      check(R"({"share": 0, "method": "median", "exact": false, "suffix": "", "limit": 1000, "step": 10.0})");
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->dump(), R"({"limit":1000,"suffix":"","exact":false,"method":"median","step":10.0,"share":0})");
}

struct Case {
  std::string text;
  const char* message;
};

TEST(Parameters, What_is_configured_wrongly_is_refused_with_what_would_be_right) {
  const Case cases[] = {
      {R"({"limit": "many"})", R"(parameters: limit = "many": it is a number, such as 50)"},
      {R"({"limit": true})", "parameters: limit = true: it is a number, such as 50"},
      {R"({"suffix": 7})", R"(parameters: suffix = 7: it is a text, such as "example.")"},
      {R"({"exact": "yes"})", R"(parameters: exact = "yes": it is a true or false, such as true)"},
      {R"({"exact": []})", "parameters: exact = []: it is a true or false, such as true"},
      {R"({"limit": 0})", "parameters: limit = 0: 1 is the least"},
      {R"({"limit": 1000.5})", "parameters: limit = 1000.5: 1000 is the most"},
      {R"({"share": -0.001})", "parameters: share = -0.001: 0 is the least"},
      {R"({"method": "mode"})", R"(parameters: method = "mode": it is one of ["mean","median"])"},
      {R"({"step": 6})", "parameters: step = 6: it is one of [1,5,10]"},
      {R"({"limt": 6})",
       R"(parameters: there is no parameter "limt"; did you mean "limit"? There are: limit, suffix, exact, method, step, share)"},
      {R"({"x": 6})", R"(parameters: there is no parameter "x"; there are: limit, suffix, exact, method, step, share)"},
  };
  for (const Case& one : cases) {
    const auto values = check(one.text);
    ASSERT_FALSE(values) << one.text;
    EXPECT_EQ(values.error().message, one.message);
  }
}

TEST(Parameters, None_are_taken_by_a_script_that_has_none) {
  const auto values = check(R"({"limit": 6})", "{}");
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message, "parameters: limit: the script has no parameters");
}

TEST(Parameters, A_declaration_that_says_nothing_is_refused) {
  const char* const needs_default =
      "parameters: limit needs a default: limit = 50, or limit = { default = 50, min = 1 }";
  const Case cases[] = {
      {R"({"limit": {}})", needs_default},
      {R"({"limit": null})", needs_default},
      {R"({"limit": [1, 2]})", needs_default},
      {R"({"limit": {"min": 1}})", needs_default},
      {R"({"limit": {"default": {"default": 1}}})", needs_default},
      {R"({"limit": {"default": null}})", needs_default},
      {R"({"limit": {"default": 1, "least": 1}})",
       R"(parameters: limit: there is no key "least"; there are: default, help, max, min, one_of)"},
      {R"({"limit": {"default": 1, "mim": 1}})",
       R"(parameters: limit: there is no key "mim"; did you mean "min"? There are: default, help, max, min, one_of)"},
      {R"({"limit": {"default": 1, "min": "a"}})", "parameters: limit: min has to be a number"},
      {R"({"limit": {"default": 1, "max": [9]}})", "parameters: limit: max has to be a number"},
      {R"({"limit": {"default": 1, "one_of": 1}})", "parameters: limit: one_of has to be a list of values"},
      // The default keeps to its own bounds.
      {R"({"limit": {"default": 1, "min": 2}})", "parameters: limit = 1: 2 is the least"},
      {R"({"limit": {"default": "c", "one_of": ["a", "b"]}})", R"(parameters: limit = "c": it is one of ["a","b"])"},
      // A list in Lua: parameters = { "limit" }.
      {R"(["limit"])", "parameters: each needs a name: parameters = { limit = 50 }"},
  };
  for (const Case& one : cases) {
    const auto values = check("{}", one.text);
    ASSERT_FALSE(values) << one.text;
    EXPECT_EQ(values.error().message, one.message) << one.text;
  }
}

}  // namespace
}  // namespace rata::script
