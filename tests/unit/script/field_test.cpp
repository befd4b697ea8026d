#include "script/field.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace rata::script {
namespace {

using Form = Field::Form;

Form form_of(std::string_view name) {
  const auto field = find_field(name);
  EXPECT_TRUE(field) << name;
  return field ? field->form : Form::flag;
}

TEST(Field, Every_dimension_is_a_number_a_name_or_a_text) {
  std::map<Form, int> seen;
  for (const reduce::Dimension& dimension : reduce::dimensions()) {
    if (reduce::find_condition(dimension.name) != nullptr) continue;
    const auto field = find_field(dimension.name);
    ASSERT_TRUE(field) << dimension.name;
    const Form expected = !dimension.coded()                             ? Form::text
                          : dimension.quantity != reduce::Quantity::none ? Form::number
                                                                         : Form::name;
    EXPECT_EQ(field->form, expected) << dimension.name;
    EXPECT_EQ(field->name, dimension.name);
    EXPECT_EQ(field->use.dimension, &dimension) << dimension.name;
    EXPECT_EQ(field->condition, nullptr) << dimension.name;
    EXPECT_EQ(field->is_octets(), expected == Form::text) << dimension.name;
    EXPECT_EQ(&field->needs(), &dimension.needs) << dimension.name;
    ++seen[field->form];
  }
  EXPECT_GT(seen[Form::text], 10);
  EXPECT_GT(seen[Form::number], 5);
  EXPECT_GT(seen[Form::name], 10);
}

TEST(Field, Every_condition_is_a_flag_also_where_a_dimension_has_its_name) {
  std::set<std::string_view> both;
  for (const reduce::Condition& condition : reduce::conditions()) {
    const auto field = find_field(condition.name);
    ASSERT_TRUE(field) << condition.name;
    EXPECT_EQ(field->form, Form::flag) << condition.name;
    EXPECT_EQ(field->condition, &condition) << condition.name;
    EXPECT_EQ(&field->needs(), &condition.needs) << condition.name;
    if (reduce::find_dimension(condition.name) != nullptr) both.insert(condition.name);
  }
  for (const char* name : {"aa", "tc", "rd", "ra", "ad", "cd", "do"}) EXPECT_TRUE(both.contains(name)) << name;
}

TEST(Field, Names_that_people_use_have_the_form_they_expect) {
  const struct {
    const char* name;
    Form form;
  } cases[] = {
      {"qname", Form::text},
      {"client", Form::text},
      {"tld", Form::text},
      {"client_prefix", Form::text},
      {"client_prefix:8:32", Form::text},
      {"levels:3", Form::text},
      {"qtype", Form::name},
      {"rcode", Form::name},
      {"transport", Form::name},
      {"client_country", Form::name},
      {"edns_version", Form::name},
      {"message_size", Form::number},
      {"edns_size", Form::number},
      {"qname_length", Form::number},
      {"response_time", Form::number},
      {"client_port", Form::number},
      {"message_size:512", Form::name},
      {"response_time:log2", Form::name},
      {"edns_size:1", Form::name},
      {"id", Form::number},
      {"flags", Form::number},
      {"qtype_number", Form::number},
      {"answer_count", Form::number},
      {"time", Form::time},
      {"query", Form::flag},
      {"tcp", Form::flag},
      {"ipv6", Form::flag},
      {"ecs", Form::flag},
  };
  for (const auto& one : cases) EXPECT_EQ(form_of(one.name), one.form) << one.name;
}

TEST(Field, Numbers_have_buckets_only_where_an_argument_asks_for_them) {
  for (const reduce::Dimension& dimension : reduce::dimensions()) {
    if (dimension.quantity == reduce::Quantity::none || dimension.read_argument == nullptr) continue;
    const std::string name(dimension.name);
    // Of buckets with one number each, whatever `by` has without an argument.
    EXPECT_EQ(find_field(name)->use.argument, dimension.read_argument("1")) << name;
    const auto bucketed = find_field(name + ":512");
    ASSERT_TRUE(bucketed) << name;
    EXPECT_EQ(bucketed->form, Form::name) << name;
    EXPECT_EQ(bucketed->use.argument, 512u) << name;
    EXPECT_EQ(bucketed->name, name + ":512");
  }
  EXPECT_EQ(find_field("edns_size")->use.argument, 1u);
  EXPECT_EQ(find_field("client_prefix:8:32")->use, *reduce::read_dimension("client_prefix:8:32"));
  EXPECT_EQ(find_field("client_prefix")->use, *reduce::read_dimension("client_prefix:24:48"));
}

TEST(Field, Nothing_else_is_one) {
  for (const char* name : {"",
                           " ",
                           "qnam",
                           "QNAME",
                           "qname ",
                           " qname",
                           "qname:",
                           "qname:2",
                           "message_size:",
                           "message_size:0",
                           "message_size:65536",
                           "message_size:a",
                           "client_prefix:24",
                           "client_prefix:33:0",
                           "levels:0",
                           "levels:128",
                           "time:1",
                           "id:5",
                           "flags:",
                           "query:1",
                           "not query",
                           "add",
                           "take",
                           "a:b:c",
                           ":",
                           ":512",
                           "response_time:log3"})
    EXPECT_FALSE(find_field(name)) << '"' << name << '"';
  EXPECT_FALSE(find_field(std::string_view("qname\0", 6)));
}

TEST(Field, The_list_has_each_name_once_with_what_it_is) {
  const auto rows = field_rows();
  const std::map<std::string_view, std::set<Form>> forms = {
      {"true or false", {Form::flag}}, {"number", {Form::number, Form::time}}, {"text", {Form::name, Form::text}}};
  std::set<std::string_view> names;
  for (const FieldRow& row : rows) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_TRUE(forms.at(row.form).contains(form_of(row.name))) << row.name;
    EXPECT_FALSE(row.help.empty()) << row.name;
  }
  for (const reduce::Dimension& dimension : reduce::dimensions()) EXPECT_TRUE(names.contains(dimension.name));
  for (const reduce::Condition& condition : reduce::conditions()) EXPECT_TRUE(names.contains(condition.name));
  for (const char* name : {"id", "flags", "qtype_number", "answer_count", "time"}) EXPECT_TRUE(names.contains(name));
}

TEST(Field, Whatever_tells_an_address_comes_as_text_where_addresses_are_hidden) {
  std::set<std::string_view> plain;
  for (const FieldRow& row : field_rows()) {
    EXPECT_FALSE(is_text_already(*find_field(row.name), false)) << row.name;
    if (is_text_already(*find_field(row.name), true)) plain.insert(row.name);
  }
  for (const char* name : {"client", "server", "client_prefix", "server_prefix", "ecs_prefix"})
    EXPECT_TRUE(plain.erase(name)) << name;
  EXPECT_TRUE(plain.empty()) << *plain.begin();
}

}  // namespace
}  // namespace rata::script
