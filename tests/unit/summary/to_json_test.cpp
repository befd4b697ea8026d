#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "summary/summary.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

Summary example(Data data) {
  return {"QueriesNameCounter", "ns1",    "ns1-a", std::move(data), {util::from_seconds(1448496000), 1, 1000, 3},
          {"k3v9", 17, 0},      {0, 1, 2}};
}

TEST(ToJson, TheMembersThatTheOlderAggregatorKnowsComeFirst) {
  EXPECT_EQ(
      to_json(example(Counts{{"qname"}, {{{"www.example.cl."}, 5}}, {}})),
      R"({"type":"QueriesNameCounter","serverId":"ns1","data":{"www.example.cl.":5},"version":1,)"
      R"("monitor":"ns1-a","window":{"start":"1448496000.000000000","seconds":1,"packets":1000,"late":3},)"
      R"("id":{"boot":"k3v9","sequence":17,"revision":0},"loss":{"kernel":0,"queue":1,"malformed":2,"left_out":0,"key_error":0},"merge":"sum",)"
      R"("form":{"kind":"counts","by":["qname"]}})");
}

TEST(ToJson, AWindowThatIsNoWholeNumberOfSecondsKeepsItsFraction) {
  Summary summary = example(Rate{"qps", 1, 0.25});
  summary.window.seconds = 0.25;
  EXPECT_EQ(Json::parse(to_json(summary))["window"]["seconds"].dump(), "0.25");
}

TEST(ToJson, AnyTextStaysOnOneLine) {
  const std::string line = to_json(example(Counts{{"qname"}, {{{"a\nb\\010\"."}, 1}}, {}}));
  EXPECT_EQ(line.find('\n'), std::string::npos);
  EXPECT_EQ(Json::parse(line)["data"].begin().key(), "a\nb\\010\".");
}

TEST(ToJson, OctetsThatAreNotUtf8AreReplaced) {
  const std::string line = to_json(example(Counts{{"qname"}, {{{"a\xff."}, 1}}, {}}));
  EXPECT_EQ(Json::parse(line)["data"].begin().key(), "a\xef\xbf\xbd.");
}

TEST(ToJson, WhatAScriptMissedAndWhatWasDroppedAreToldOnlyWhereThereIsSome) {
  Summary summary = example(Values{});
  EXPECT_FALSE(Json::parse(to_json(summary))["loss"].contains("missed"));
  EXPECT_FALSE(Json::parse(to_json(summary))["loss"].contains("conflicts"));
  summary.loss.missed = 3;
  std::get<Values>(summary.data).root.dropped = 2;
  EXPECT_EQ(Json::parse(to_json(summary))["loss"]["missed"], 3);
  EXPECT_EQ(Json::parse(to_json(summary))["loss"]["conflicts"], 2);
}

/// What this test understands of JSON Schema: type, const, enum, required, properties, anyOf, additionalProperties,
/// items, minimum and $ref into $defs. That is all the schema uses to tell right from wrong, but for text patterns.
class Schema {
 public:
  Schema() {
    std::ifstream file(RATADNS_ROOT "/schema/summary.schema.json");
    root_ = Json::parse(file);
  }

  const Json& root() const { return root_; }
  bool accepts(const Json& value) const { return accepts(root_, value); }

 private:
  bool accepts(const Json& schema, const Json& value) const {
    if (schema.contains("$ref") &&
        !accepts(root_.at(Json::json_pointer(schema["$ref"].get<std::string>().substr(1))), value))
      return false;
    if (schema.contains("const") && schema["const"] != value) return false;
    if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) return false;
    if (schema.contains("type") && !is_of_type(schema["type"].get<std::string>(), value)) return false;
    if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) return false;
    if (schema.contains("anyOf")) {
      const bool any = std::any_of(schema["anyOf"].begin(), schema["anyOf"].end(),
                                   [&](const Json& one) { return accepts(one, value); });
      if (!any) return false;
    }
    return accepts_members(schema, value) && accepts_items(schema, value);
  }

  bool accepts_members(const Json& schema, const Json& value) const {
    if (!value.is_object()) return true;
    for (const Json& name : schema.value("required", Json::array()))
      if (!value.contains(name.get<std::string>())) return false;
    const Json known = schema.value("properties", Json::object());
    for (const auto& [name, member] : value.items()) {
      if (known.contains(name) && !accepts(known[name], member)) return false;
      if (!known.contains(name) && schema.contains("additionalProperties") &&
          !accepts(schema["additionalProperties"], member))
        return false;
    }
    return true;
  }

  bool accepts_items(const Json& schema, const Json& value) const {
    if (!value.is_array() || !schema.contains("items")) return true;
    return std::all_of(value.begin(), value.end(), [&](const Json& item) { return accepts(schema["items"], item); });
  }

  static bool is_of_type(const std::string& type, const Json& value) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "number") return value.is_number();
    if (type == "integer") return value.is_number_integer();
    if (type == "boolean") return value.is_boolean();
    if (type == "null") return value.is_null();
    ADD_FAILURE() << "the schema uses a type that this test does not know: " << type;
    return false;
  }

  Json root_;
};

std::vector<Data> one_of_each_form() {
  return {
      Rate{"qps", 8, 1},
      Counts{{"qname"}, {}, {}},
      Counts{{"qtype", "client"}, {{{"A", "192.0.2.1"}, 5}}, {{{}, 2, 3}, {{"A"}, 7, 9}}},
      Records{Records::Shape::lists_by_key, {{1, {"a."}, "c6336401"}, {2, {"b."}, {{"sender", "c6336401"}}}}, 0},
      Records{Records::Shape::queries_by_client, {{1, {"c6336401", "1"}, "a."}}, 0},
      Records{Records::Shape::names_by_client, {{1, {"c6336401", "1c"}, "a."}}, 0},
      Records{Records::Shape::counted_lists_by_key, {{1, {"c6336401"}, {{"qname", "a."}}}}, 0},
      Records{Records::Shape::list, {{1, {}, {}, R"({"id":"1a2b"})"}}, 0},
      Rates({{"pps", 8, 1}, {"qps", 8, 1}}),
      Top{2, {{"a.", 5, 0}, {"b.", 7, 1}}, 1},
      Alone{1, 1, {{1, {"x"}, {}, R"({"id":"1a2b"})"}}, {}, 0},
      Measures{{{"qtype"}, {{{"A"}, 1}}, {{{}, 2, 3}}},
               {"octets", "top:qname:2", "quantiles:message_size"},
               {{std::uint64_t{60}, Top{}, Quantiles{}}}},
      Values{},
      Values{Map{{"up", true},
                 {"last", std::string("b.")},
                 {"sizes", Map{{"mean", Quantity{*Number::from(-0.5), Rule::max}}, {"all", Quantiles{}}}},
                 {"by_name", Counts{{"qname"}, {{{"a."}, 5}}, {{{}, 2, 3}}}},
                 {"top", Top{2, {{"a.", 5, 0}}, 1}},
                 {"clients", Distinct{}},
                 {"seen", Items{{{1, {}, "a."}, {2, {}, 7}}, 1}}}},
      Values{Quantity{*Number::from(-0.5)}},
      Values{std::string("b.")},
      Values{true},
      Values{Items{{{1, {}, "a."}}}},
      Nothing{},
  };
}

TEST(Schema, AcceptsEveryFormOfSummary) {
  const Schema schema;
  for (const Data& data : one_of_each_form()) {
    for (const Form form : {Form::own, Form::older}) {
      const std::string line = to_json(example(data), form);
      EXPECT_TRUE(schema.accepts(Json::parse(line))) << line;
    }
  }
}

TEST(Schema, RefusesASummaryWithoutOneOfItsMembersOrWithAWrongOne) {
  const Schema schema;
  const Json whole = Json::parse(to_json(example(Rate{"qps", 8, 1})));
  for (const auto& [name, member] : whole.items()) {
    Json without = whole;
    without.erase(name);
    EXPECT_EQ(schema.accepts(without), name == "form") << name;  // the older form has none
    Json wrong = whole;
    wrong[name] = {{"there is no such form", nullptr}};
    EXPECT_FALSE(schema.accepts(wrong)) << name;
  }
}

TEST(ToJson, TheOlderFormDoesNotTellWhatItWasMadeOf) {
  for (const Data& data : one_of_each_form())
    EXPECT_FALSE(Json::parse(to_json(example(data), Form::older)).contains("form"));
}

TEST(Schema, DescribesEveryMemberOfForm) {
  const Schema schema;
  const Json& described = schema.root()["properties"]["form"]["properties"];
  for (const Data& data : one_of_each_form()) {
    const Json record = Json::parse(to_json(example(data)));
    for (const auto& [name, member] : record["form"].items())
      EXPECT_TRUE(described.contains(name) && described[name].contains("description")) << name;
  }
}

TEST(Schema, DescribesEveryMemberThatIsWritten) {
  const Schema schema;
  Summary all = example(Rate{"qps", 8, 1});
  all.loss.lacking[0] = all.loss.missed = 1;
  const Json whole = Json::parse(to_json(all));
  for (const auto& [name, member] : whole.items()) {
    const Json& described = schema.root()["properties"][name];
    EXPECT_TRUE(described.contains("description")) << name;
    if (!described.contains("properties")) continue;
    for (const auto& [inner, value] : member.items())
      EXPECT_TRUE(described["properties"].contains(inner) && described["properties"][inner].contains("description"))
          << name << "." << inner;
  }
}

}  // namespace
}  // namespace rata::summary
