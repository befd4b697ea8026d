#include "util/nearest.h"

#include <gtest/gtest.h>

#include <vector>

namespace rata::util {
namespace {

const std::vector<std::string> known = {"qname", "Qtype", "QueriesNameCounter"};

TEST(Nearest, Is_what_fewest_letters_make_of_a_word_whatever_their_case) {
  EXPECT_EQ(nearest("qnmae", known), "qname");
  EXPECT_EQ(nearest("qtype", known), "Qtype");
  EXPECT_EQ(nearest("querynamecounter", known), "QueriesNameCounter");
  EXPECT_EQ(nearest("transport", known), "");
  EXPECT_EQ(nearest("servr", std::vector<std::string>{"serve", "server", "sever"}), "server");
}

TEST(Nearest, Is_told_with_what_there_is) {
  EXPECT_EQ(no_such("entry", "qnam", known),
            "there is no entry \"qnam\"; did you mean \"qname\"? There are: qname, Qtype, QueriesNameCounter");
  EXPECT_EQ(no_such("entry", "zzzzzz", known),
            "there is no entry \"zzzzzz\"; there are: qname, Qtype, QueriesNameCounter");
}

}  // namespace
}  // namespace rata::util
