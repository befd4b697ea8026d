#include "hub/history_answer.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "summary/cut.h"

namespace rata::hub {
namespace {

using nlohmann::ordered_json;
using serve::Visibility;

/// One record, which is all of everything.
class HistoryOfOne final : public store::HistoryReader {
 public:
  explicit HistoryOfOne(summary::Summary record) : record_(std::move(record)) {}

  util::Result<store::History> history(const store::Query& query) override {
    asked = query;
    return store::History{.level = query.level.value_or(10), .points = {record_}};
  }
  util::Result<std::vector<summary::Summary>> merged(const store::Query& query) override {
    asked = query;
    return std::vector{record_};
  }
  util::Result<std::vector<store::Stream>> streams() override {
    return std::vector{store::Stream{.server = "ns1", .monitor = "ns1", .reducer = record_.type}};
  }
  util::Result<std::vector<store::Gap>> gaps(const std::string&, util::Time from, util::Time) override {
    asked.from = from;
    return std::vector<store::Gap>();
  }
  void set_groups(std::map<std::string, std::vector<std::string>>) override {}

  store::Query asked;

 private:
  summary::Summary record_;
};

serve::Question question(std::string query, Visibility addresses = Visibility::full) {
  return {*serve::parse_target("/api/v1/history?" + query), addresses};
}

std::string answer(summary::Summary record, Visibility addresses) {
  HistoryOfOne history(std::move(record));
  const serve::Receipt sums = sum_answer(history, {}, question("reducer=any", addresses));
  EXPECT_EQ(sums.status, 200u) << sums.json;
  const auto pane =
      ordered_json::parse(history_answer(history, {}, question("reducer=any", addresses)).json)["panes"][0];
  const auto sum = ordered_json::parse(sums.json)["sums"][0];
  EXPECT_EQ(pane, sum);
  return sum.dump();
}

TEST(HistoryAnswer, What_the_history_cut_off_a_list_is_loss_too) {
  summary::Summary record{.type = "any", .server = "ns1", .monitor = "ns1"};
  summary::Records list{summary::Records::Shape::list, {}, 2};
  for (int i = 0; i < 5; ++i) list.records.push_back({.value = i});
  record.data = list;
  record.loss.left_out = 2;
  summary::cut(record.data, 1);
  const auto found = ordered_json::parse(answer(record, Visibility::full));
  EXPECT_EQ(found["data"].dump(), "[4]");
  EXPECT_EQ(found["form"]["left_out"], 6);
  EXPECT_EQ(found["loss"]["left_out"], 6);
}

TEST(HistoryAnswer, Addresses_are_hidden_where_they_are_keys_and_never_names_of_servers) {
  summary::Summary record{.type = "any", .server = "192.0.2.53", .monitor = "192.0.2.53"};
  summary::Measures measures{.counts = {.by = {"client"}, .rows = {{{"192.0.2.1"}, 2}, {{"192.0.2.2"}, 3}}, .rest = {}},
                             .names = {"count", "distinct:client"},
                             .values = {}};
  for (const std::uint64_t count : {2u, 3u}) {
    summary::Distinct distinct;
    distinct.add(count * 0x9e3779b97f4a7c15u);
    measures.values.push_back({count, distinct});
  }
  record.data = measures;
  EXPECT_NE(answer(record, Visibility::full).find("sparse"), std::string::npos);
  const auto found = ordered_json::parse(answer(record, Visibility::prefix));
  EXPECT_EQ(found["data"].dump(), R"({"192.0.2.0/24":{"count":5,"distinct:client":{"estimate":2}}})");
  EXPECT_EQ(found["serverId"], "192.0.2.53");
}

TEST(HistoryAnswer, A_name_that_the_history_does_not_have_yet_is_no_mistake_when_something_of_it_has_come) {
  HistoryOfOne history({.type = "any"});
  for (const char* query : {"reducer=any&server=ns2", "reducer=new", "reducer=new&server=ns2", "server=ns2"}) {
    const bool is_of_gaps = std::string_view(query).starts_with("server");
    const auto status = [&](const Names& known) {
      if (is_of_gaps) return gaps_answer(history, known, question(query)).status;
      const unsigned sums = sum_answer(history, known, question(query)).status;
      return history_answer(history, known, question(query)).status == sums ? sums : 0;
    };
    EXPECT_EQ(status({}), 404u) << query;
    EXPECT_EQ(status({{"ns2"}, {"new"}}), 200u) << query;
  }
}

TEST(HistoryAnswer, Gaps_are_those_of_one_server) {
  HistoryOfOne history({.type = "any"});
  const Names known{{"ns1"}, {}};
  EXPECT_EQ(gaps_answer(history, known, question("server=ns1")).status, 200u);
  EXPECT_EQ(gaps_answer(history, known, question("group=a")).status, 400u);
  EXPECT_EQ(gaps_answer(history, known, question("server=ns1&group=a")).status, 400u);
}

TEST(HistoryAnswer, Without_from_it_begins_an_hour_earlier_but_not_before_1970) {
  HistoryOfOne history({.type = "any"});
  sum_answer(history, {}, question("reducer=any&to=7200"));
  EXPECT_EQ(history.asked.from, util::from_seconds(3600));
  sum_answer(history, {}, question("reducer=any&to=60"));
  EXPECT_EQ(history.asked.from, util::Time{});
  gaps_answer(history, {}, question("server=ns1&to=60"));
  EXPECT_EQ(history.asked.from, util::Time{});
}

}  // namespace
}  // namespace rata::hub
