#include "channel/https_verdict.h"

#include <gtest/gtest.h>

namespace rata::channel {
namespace {

using Kind = HttpsVerdict::Kind;
using Lines = std::vector<std::size_t>;

HttpsVerdict of(unsigned status, const std::string& body = "", std::size_t lines = 3) {
  return judge({.status = status, .body = body, .location = "https://other.example/", .retry_after = {}}, lines);
}

TEST(HttpsVerdict, A_receipt_says_what_became_of_every_line) {
  EXPECT_EQ(of(200, R"({"committed":2,"repeated":1,"refused":[]})").kind, Kind::taken);
  EXPECT_EQ(of(200, R"({"committed":0,"repeated":3})").kind, Kind::taken);
  EXPECT_EQ(of(200, R"({"committed":0,"repeated":0,"refused":[]})", 0).kind, Kind::taken);
  const auto some = of(200, R"({"committed":1,"repeated":0,"refused":[{"line":3,"why":"no form"},{"line":1}]})");
  EXPECT_EQ(some.kind, Kind::taken);
  EXPECT_EQ(some.refused, (Lines{0, 2}));
  EXPECT_EQ(some.why, "no form");
}

TEST(HttpsVerdict, What_leaves_a_line_in_doubt_is_tried_again) {
  for (const char* body :
       {"", "{}", "[]", "null", "<html>It works!</html>", R"({"committed":3})", R"({"committed":-3,"repeated":6})",
        R"({"committed":"3","repeated":0})", R"({"committed":3.0,"repeated":0})",
        R"({"committed":2,"repeated":0,"refused":[]})", R"({"committed":3,"repeated":1,"refused":[]})",
        R"({"committed":18446744073709551615,"repeated":4,"refused":[]})",
        // lines that were not sent, twice, or without a number
        R"({"committed":2,"repeated":0,"refused":[{"line":0}]})",
        R"({"committed":2,"repeated":0,"refused":[{"line":4}]})",
        R"({"committed":1,"repeated":0,"refused":[{"line":2},{"line":2}]})",
        R"({"committed":2,"repeated":0,"refused":[{"why":"no"}]})", R"({"committed":2,"repeated":0,"refused":[2]})",
        R"({"committed":2,"repeated":0,"refused":[{"line":1}]} and more)"}) {
    const auto verdict = of(200, body);
    EXPECT_EQ(verdict.kind, Kind::try_again) << body;
    EXPECT_NE(verdict.why, "") << body;
  }
}

TEST(HttpsVerdict, A_status_decides_about_all_lines) {
  const struct {
    unsigned status;
    Kind kind;
    const char* says;
  } cases[] = {
      {400, Kind::try_again, "400: no zstd"},
      {422, Kind::try_again, "422: no zstd"},
      {413, Kind::too_large, "413: no zstd"},
      {401, Kind::try_again, "token_file"},
      {403, Kind::try_again, "[[access]] of the aggregator with may = [\"send\"]"},
      {429, Kind::try_again, "429: no zstd"},
      {503, Kind::try_again, "503: no zstd"},
      {500, Kind::try_again, "500: no zstd"},
      {404, Kind::try_again, "404: no zstd"},
      {202, Kind::try_again, "answers as no aggregator does (docs/api.md, summaries): 202: no zstd"},
      {301, Kind::try_again, "301: https://other.example/"},
      {307, Kind::try_again, "url has to name the aggregator itself"},
  };
  for (const auto& test : cases) {
    const auto verdict = of(test.status, R"({"error":"no zstd"})");
    EXPECT_EQ(verdict.kind, test.kind) << test.status;
    EXPECT_NE(verdict.why.find(test.says), std::string::npos) << test.status << ": " << verdict.why;
  }
}

TEST(HttpsVerdict, Only_who_calls_it_final_makes_a_batch_be_given_up) {
  for (const unsigned status : {400u, 422u}) {
    const auto verdict = of(status, R"({"error":"no zstd","final":true})");
    EXPECT_EQ(verdict.kind, Kind::refused);
    EXPECT_EQ(verdict.why, std::to_string(status) + ": no zstd");
    for (const char* body : {"", "<html>Bad Request</html>", "true", "[true]", R"({"error":"no zstd","final":false})",
                             R"({"error":"no zstd","final":"true"})", R"({"error":"no zstd","final":1})"})
      EXPECT_EQ(of(status, body).kind, Kind::try_again) << body;
  }
  EXPECT_EQ(of(503, R"({"error":"no room","final":true})").kind, Kind::try_again);
}

}  // namespace
}  // namespace rata::channel
