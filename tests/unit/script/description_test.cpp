#include "script/description.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "reduce/plan.h"

namespace rata::script {
namespace {

TEST(Description, Is_what_the_prelude_says_of_a_reducer) {
  // As functions.load gives it: an empty table is an empty object, whatever it was meant to be.
  const auto read = read_description(
      R"({"name": "names", "help": "counts names", "where": ["query", "not tcp"], "needs": ["client", "edns_size"], "parameters": {"limit": 5.0, "a": "b", "c": true},)"
      R"("fields": ["client", "do", "message_size", "message_size:512", "time"], "compiles": false})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "names");
  EXPECT_EQ(read->help, "counts names");
  ASSERT_EQ(read->where.size(), 2u);
  EXPECT_EQ(read->where[0], (reduce::ConditionUse{reduce::find_condition("query"), false}));
  EXPECT_EQ(read->where[1], (reduce::ConditionUse{reduce::find_condition("tcp"), true}));
  ASSERT_EQ(read->needs.size(), 2u);
  EXPECT_TRUE(read->needs[0].client);
  EXPECT_TRUE(read->needs[1].members.has(util::Member::edns));
  std::vector<std::string> names;
  for (const Field& field : read->fields) names.push_back(field.name);
  EXPECT_EQ(names, (std::vector<std::string>{"client", "do", "message_size", "message_size:512", "time"}));
  EXPECT_EQ(read->parameters.dump(), R"({"limit":5.0,"a":"b","c":true})");
  EXPECT_FALSE(read->compiles);
  EXPECT_FALSE(read->declared);
}

TEST(Description, Says_nothing_where_the_file_does_not) {
  for (const char* json : {"{}", R"({"where": {}, "parameters": {}, "fields": {}})", R"({"where": null, "fields": []})",
                           R"({"name": 5, "help": {}})"}) {
    const auto read = read_description(json);
    ASSERT_TRUE(read) << json << read.error().message;
    EXPECT_EQ(read->name, "");
    EXPECT_EQ(read->help, "");
    EXPECT_TRUE(read->where.empty());
    EXPECT_TRUE(read->needs.empty());
    EXPECT_TRUE(read->fields.empty());
    EXPECT_EQ(read->parameters.dump(), "{}");
    EXPECT_TRUE(read->compiles);
    EXPECT_FALSE(read->declared);
  }
}

TEST(Description, A_declaration_is_a_count_by) {
  const auto read = read_description(
      R"({"declared": {"by": ["qname", "qtype"], "limit": [10.0, 3.0], "measure": "distinct:client", "where": ["query", "udp"],)"
      R"("cells": 5000.0, "name": "top", "help": "names"}, "parameters": {}, "compiles": true})");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->name, "top");
  EXPECT_EQ(read->help, "names");
  ASSERT_TRUE(read->declared);
  EXPECT_EQ(read->declared->type, "count_by");
  EXPECT_EQ(read->declared->by, (std::vector<std::string>{"qname", "qtype"}));
  EXPECT_EQ(read->declared->limit, (std::vector<std::uint64_t>{10, 3}));
  EXPECT_EQ(read->declared->measure, std::vector<std::string>{"distinct:client"});
  EXPECT_EQ(read->declared->where, (std::vector<std::string>{"query", "udp"}));
  EXPECT_EQ(read->declared->cells, 5000u);
}

TEST(Description, The_limit_of_a_declaration_is_a_number_or_a_list) {
  const struct {
    const char* limit;
    std::vector<std::uint64_t> read;
  } cases[] = {{"7", {7}}, {"7.0", {7}}, {"[7]", {7}}, {"[0, 10000000]", {0, 10'000'000}}, {"[]", {}}};
  for (const auto& one : cases) {
    const auto read = read_description(R"({"declared": {"by": ["qname"], "limit": )" + std::string(one.limit) + "}}");
    ASSERT_TRUE(read) << one.limit << read.error().message;
    EXPECT_EQ(read->declared->limit, one.read) << one.limit;
  }
  const auto without = read_description(R"({"declared": {"by": "qname"}})");
  ASSERT_TRUE(without);
  EXPECT_EQ(without->declared->limit, std::vector<std::uint64_t>{});
  EXPECT_EQ(without->declared->by, std::vector<std::string>{"qname"});
  EXPECT_EQ(without->declared->cells, reduce::ReducerConfig{}.cells);
}

TEST(Description, What_is_none_is_refused_with_a_message) {
  const struct {
    const char* json;
    const char* message;
  } cases[] = {
      {"", "said nothing of it"},
      {"{", "said nothing of it"},
      {"{} {}", "said nothing of it"},
      {"[]", "said nothing of it"},
      {"null", "said nothing of it"},
      {"\"name\"", "said nothing of it"},
      {"{\"name\": \"\xff\"}", "said nothing of it"},
      {R"({"compiles": "yes"})", "said what cannot be read"},
      {R"({"where": 7})", "where has to be a text or a list of texts"},
      {R"({"where": ["query", 7]})", "where has to be a text or a list of texts"},
      {R"({"where": {"a": "query"}})", "where has to be a text or a list of texts"},
      {R"({"where": "odd"})", "where: there is no condition \"odd\""},
      {R"({"fields": [["qname"]]})", "fields has to be a text or a list of texts"},
      {R"({"fields": ["qname", "odd"]})", "fields: there is no field of messages \"odd\""},
      {R"({"fields": ["client_prefix:33:48"]})", "fields: there is no field of messages \"client_prefix:33:48\""},
      {R"({"needs": ["odd"]})", "needs: there is no field of messages \"odd\""},
      {R"({"needs": {"a": 1}})", "needs has to be a text or a list of texts"},
      {R"({"parameters": [1]})", "parameters has to be a table"},
      {R"({"parameters": 1})", "parameters has to be a table"},
      {R"({"parameters": {"a": {"b": 1}}})", "parameters: a has to be a number, a text or a bool"},
      {R"({"declared": {"by": 5}})", "count: by has to be a text or a list of texts"},
      {R"({"declared": {"where": [[]]}})", "count: where has to be a text or a list of texts"},
      {R"({"declared": {"measure": true}})", "count: measure has to be a text or a list of texts"},
      {R"({"declared": {"limit": "ten"}})", "count: limit has to be a whole number"},
      {R"({"declared": {"limit": [1, -1]}})", "count: limit has to be a whole number"},
      {R"({"declared": {"limit": 1.5}})", "count: limit has to be a whole number"},
      {R"({"declared": {"limit": 10000001}})", "count: limit has to be a whole number from 0 to 10000000"},
      {R"({"declared": {"limit": 1e300}})", "count: limit has to be a whole number"},
      {R"({"declared": {"limit": [[1]]}})", "count: limit has to be a whole number"},
      {R"({"declared": {"limit": null}})", "count: limit has to be a whole number"},
      {R"({"declared": {"cells": 18446744073709551615}})", "count: cells has to be a whole number from 0 to 100000000"},
      {R"({"declared": {"cells": [1]}})", "count: cells has to be a whole number"},
  };
  for (const auto& one : cases) {
    const auto read = read_description(one.json);
    ASSERT_FALSE(read) << one.json;
    EXPECT_NE(read.error().message.find(one.message), std::string::npos) << one.json << ": " << read.error().message;
  }
}

// Whoever copies or writes a tree goes down level by level, and the stack has an end.
TEST(Description, However_deep_it_is_nested_it_is_refused_or_left_alone) {
  constexpr std::size_t depth = 300'000;
  const std::string deep = std::string(depth, '[') + std::string(depth, ']');
  for (const char* key : {"where", "needs", "fields", "compiles", "parameters", "declared", "name", "other"})
    for (const auto& [before, behind] :
         {std::pair("", ""), std::pair(R"({"by":)", "}"), std::pair(R"({"limit":)", "}")}) {
      const auto read = read_description("{\"" + std::string(key) + "\":" + before + deep + behind + "}");
      if (!read) {
        EXPECT_LT(read.error().message.size(), 300u);
      }
    }
}

/// So many labels: texts of their own.
std::string levels(std::size_t count) {
  std::string json;
  for (std::size_t i = 1; i <= count; ++i) json += (i == 1 ? "\"levels:" : ",\"levels:") + std::to_string(i) + "\"";
  return R"({"fields": [)" + json + "]}";
}

TEST(Description, Messages_do_not_grow_larger_than_the_memory_they_go_through) {
  const auto some = read_description(levels(60));
  ASSERT_TRUE(some) << some.error().message;
  EXPECT_EQ(some->fields.size(), 60u);
  const auto too_large = read_description(levels(61));
  ASSERT_FALSE(too_large);
  EXPECT_NE(too_large.error().message.find("15500 octets at most"), std::string::npos) << too_large.error().message;
}

TEST(Description, No_list_is_longer_than_anybody_needs) {
  std::string many = R"("rd")";
  for (int i = 1; i < 255; ++i) many += R"(, "rd")";
  for (const std::string key : {"fields", "where", "needs"}) {
    const auto read = read_description("{\"" + key + "\": [" + many + "]}");
    EXPECT_TRUE(read) << read.error().message;
    const auto too_many = read_description("{\"" + key + "\": [" + many + R"(, "rd"]})");
    ASSERT_FALSE(too_many) << key;
    EXPECT_EQ(too_many.error().message, key + ": has 256 texts; there may be 255 at most");
  }
  for (const std::string key : {"by", "where", "measure"})
    EXPECT_FALSE(read_description(R"({"declared": {")" + key + "\": [" + many + R"(, "rd"]}})")) << key;
}

TEST(Description, A_script_may_look_at_all_there_is_at_once) {
  std::string names;
  for (const FieldRow& row : field_rows()) names += (names.empty() ? "\"" : ",\"") + std::string(row.name) + "\"";
  const auto read = read_description(R"({"fields": [)" + names + "]}");
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->fields.size(), field_rows().size());
}

}  // namespace
}  // namespace rata::script
