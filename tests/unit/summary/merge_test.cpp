#include "summary/merge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "merged.h"

namespace rata::summary {
namespace {

std::string key(std::uint64_t number) { return "k" + std::to_string(number); }

using Truth = std::map<std::string, std::uint64_t>;

/// Skewed, so that there are large and small keys.
Truth random_truth(Random& random, std::uint64_t keys) {
  Truth truth;
  for (int i = 0; i < 200; ++i) ++truth[key(std::min(below(random, keys), below(random, keys)))];
  return truth;
}

/// The largest count that stays with `limit` keys and their ties, or 0 for all.
std::uint64_t threshold(const Truth& truth, std::size_t limit) {
  if (truth.size() <= limit) return 0;
  std::vector<std::uint64_t> counts;
  for (const auto& [name, count] : truth) counts.push_back(count);
  std::ranges::sort(counts, std::ranges::greater());
  return counts[limit - 1];
}

Counts cut_counts(const Truth& truth, std::size_t limit) {
  Counts counts{.by = {"qname"}};
  RestRow rest;
  for (const auto& [name, count] : truth) {
    if (count >= threshold(truth, limit)) {
      counts.rows.push_back({{name}, count});
    } else {
      ++rest.keys;
      rest.count += count;
      rest.most = std::max(rest.most, count);
    }
  }
  if (rest.keys > 0) counts.rest.push_back(rest);
  return counts;
}

Top cut_top(const Truth& truth, std::size_t limit) {
  Top top{.limit = limit};
  for (const auto& [name, count] : truth) {
    if (count >= threshold(truth, limit))
      top.entries.push_back({name, count, 0});
    else
      top.absent = std::max(top.absent, count);
  }
  return top;
}

TEST(Merge, Counts_in_any_order_and_grouping_give_one_answer_within_their_bounds) {
  Random random(1);
  for (int round = 0; round < 50; ++round) {
    std::vector<Data> parts;
    Truth truth;
    for (int i = 0; i < 6; ++i) {
      const Truth one = random_truth(random, 30);
      for (const auto& [name, count] : one) truth[name] += count;
      parts.emplace_back(cut_counts(one, 5));
    }
    const auto first = std::get<Counts>(merged(parts, random)), second = std::get<Counts>(merged(parts, random));
    EXPECT_EQ(first.rows, second.rows);
    EXPECT_EQ(first.rest, second.rest);
    const std::uint64_t most = first.rest.empty() ? 0 : first.rest.front().most;
    std::uint64_t sum = first.rest.empty() ? 0 : first.rest.front().count, total = 0;
    for (const CountRow& row : first.rows) {
      EXPECT_LE(row.count, truth[std::string(row.keys[0])]);
      EXPECT_GE(row.count + most, truth[std::string(row.keys[0])]);
      sum += row.count;
    }
    for (const auto& [name, count] : truth) {
      total += count;
      const bool has_row = std::ranges::any_of(first.rows, [&](const CountRow& row) { return row.keys[0] == name; });
      EXPECT_TRUE(has_row || count <= most) << name;
    }
    EXPECT_EQ(sum, total);
  }
}

TEST(Merge, Tops_give_one_answer_whose_bounds_hold_and_which_is_right_when_it_says_so) {
  Random random(2);
  int exact = 0;
  for (int round = 0; round < 200; ++round) {
    std::vector<Data> parts;
    Truth truth;
    for (int i = 0; i < 4; ++i) {
      const Truth one = random_truth(random, 12);
      for (const auto& [name, count] : one) truth[name] += count;
      parts.emplace_back(cut_top(one, 6));
    }
    const auto first = std::get<Top>(merged(parts, random)), second = std::get<Top>(merged(parts, random));
    EXPECT_EQ(first.entries, second.entries);
    EXPECT_EQ(first.absent, second.absent);
    for (const Top::Entry& entry : first.entries) {
      EXPECT_LE(entry.count, truth[entry.name]);
      EXPECT_GE(entry.count + entry.extra, truth[entry.name]);
    }
    const Top::Shown shown = first.shown();
    if (!shown.exact) continue;
    ++exact;
    for (const auto& [name, count] : truth) {
      const bool is_shown = std::ranges::any_of(shown.entries, [&](const auto& entry) { return entry.name == name; });
      for (const Top::Entry& entry : shown.entries) EXPECT_TRUE(is_shown || truth[entry.name] >= count);
    }
  }
  EXPECT_GT(exact, 10);
  EXPECT_LT(exact, 200);
}

TEST(Merge, A_top_is_cut_when_it_is_shown_and_ties_stay) {
  Top a{.limit = 2, .entries = {{"a.", 3}, {"b.", 2}}, .absent = 1}, b{.limit = 2, .entries = {{"b.", 1}, {"c.", 3}}};
  Data both = a;
  ASSERT_TRUE(merge(both, b, Relation::consecutive));
  // b has all of "b."; the other lacks what "c." had in the first, at most 1.
  EXPECT_EQ(data_json(both).dump(), R"([["a.",3],["b.",3],["c.",3]])");
  EXPECT_EQ(std::get<Top>(both).entries[2].extra, 1u);
  EXPECT_EQ(std::get<Top>(both).absent, 1u);
  EXPECT_TRUE(std::get<Top>(both).shown().exact);
}

TEST(Merge, Rates_of_one_server_weigh_by_their_seconds_and_those_of_several_servers_add) {
  Random random(3);
  std::vector<Data> parts;
  std::uint64_t count = 0;
  for (int i = 0; i < 40; ++i) {
    parts.emplace_back(Rate{"qps", below(random, 1000), 0.1 * static_cast<double>(1 + below(random, 50))});
    count += std::get<Rates>(parts.back()).members[0].count;
  }
  const auto first = std::get<Rates>(merged(parts, random)), second = std::get<Rates>(merged(parts, random));
  EXPECT_EQ(first.members, second.members);
  EXPECT_EQ(first.members[0].count, count);

  Data one = Rate{"qps", 10, 1};
  ASSERT_TRUE(merge(one, Data(Rate{"qps", 30, 3}), Relation::consecutive));
  EXPECT_EQ(data_json(one).dump(), R"({"qps":10.0})");  // 40 in 4 s: no mean of means, which is 10 by chance only
  ASSERT_TRUE(merge(one, Data(Rate{"qps", 4, 1}), Relation::consecutive));
  EXPECT_EQ(data_json(one).dump(), R"({"qps":8.8})");
  Data other = Rate{"qps", 6, 2};
  ASSERT_TRUE(merge(other, Data(Rate{"qps", 4, 2}), Relation::side_by_side));
  EXPECT_EQ(data_json(other).dump(), R"({"qps":5.0})");
}

Summary summary_of(const std::string& server, std::int64_t start_s, Data data) {
  Summary summary;
  summary.type = "x";
  summary.server = server;
  summary.window = {.start = {start_s * util::ns_per_second}, .seconds = 1, .packets = 2, .late = 0};
  summary.data = std::move(data);
  return summary;
}

TEST(Merge, Lists_go_by_window_then_by_server_then_as_they_came) {
  Random random(4);
  std::vector<Summary> parts;
  for (const int start : {2, 1})
    for (const std::string server : {"ns2", "ns1"})
      parts.push_back(summary_of(server, start,
                                 Records{.shape = Records::Shape::list,
                                         .records = {{7, {}, server + " " + std::to_string(start) + " a"},
                                                     {9, {}, server + " " + std::to_string(start) + " b"}},
                                         .left_out = 1}));
  for (int round = 0; round < 20; ++round) {
    const Summary all = merged(parts, random);
    EXPECT_EQ(data_json(all.data).dump(),
              R"(["ns1 1 a","ns1 1 b","ns2 1 a","ns2 1 b","ns1 2 a","ns1 2 b","ns2 2 a","ns2 2 b"])");
    EXPECT_EQ(std::get<Records>(all.data).left_out, 4u);
    EXPECT_EQ(all.window.seconds, 2);
    EXPECT_EQ(all.window.packets, 8u);
  }
}

/// A part that one of two monitors, each started twice, has of a few windows. Its list goes by time: the ordinals of
/// its inputs neither ascend nor differ. Some monitors are older ones, without name and boot.
Summary random_lists(Random& random, int number, bool alone) {
  const auto records = [&](const char* kind) {
    std::vector<Record> list;
    for (int i = 0; i < 4; ++i)
      list.push_back(
          {below(random, 3), {key(below(random, 4))}, kind + std::to_string(number) + "-" + std::to_string(i)});
    return list;
  };
  Data data;
  if (alone)
    data = Alone{.queries = 4, .answers = 4, .alone_queries = records("q"), .alone_answers = records("a")};
  else
    data = Records{.shape = Records::Shape::list, .records = records("r")};
  Summary summary =
      summary_of("ns" + std::to_string(below(random, 2)), static_cast<std::int64_t>(below(random, 2)), std::move(data));
  if (below(random, 4) == 0) return summary;
  summary.monitor = "m" + std::to_string(below(random, 2));
  summary.id = {.boot = "b" + std::to_string(below(random, 2)), .sequence = below(random, 2), .revision = 0};
  return summary;
}

/// Where those of one part stand in the merged list.
std::vector<std::string> of_part(const std::vector<Record>& merged, const std::string& part) {
  std::vector<std::string> values;
  for (const Record& record : merged)
    if (const auto value = record.value.get<std::string>(); value.starts_with(part + "-")) values.push_back(value);
  return values;
}

TEST(Merge, Lists_of_several_monitors_of_one_server_in_any_order_and_grouping_give_one_answer) {
  Random random(7);
  for (int round = 0; round < 200; ++round) {
    std::vector<Summary> records, alone;
    for (int i = 0; i < 8; ++i) {
      records.push_back(random_lists(random, i, false));
      alone.push_back(random_lists(random, i, true));
    }
    const Summary all = merged(records, random);
    EXPECT_EQ(data_json(all.data).dump(), data_json(merged(records, random).data).dump());
    EXPECT_EQ(data_json(merged(alone, random).data).dump(), data_json(merged(alone, random).data).dump());
    // What one summary lists stays in its order.
    for (const Summary& one : records) {
      const auto& list = std::get<Records>(one.data).records;
      const auto first = list.front().value.get<std::string>();
      const std::string part = first.substr(0, first.find('-'));
      EXPECT_EQ(of_part(std::get<Records>(all.data).records, part), of_part(list, part));
    }
  }
}

TEST(Merge, Pairs_cancel_the_oldest_first_whatever_the_order_of_merging) {
  Random random(5);
  const auto alone = [](std::vector<Record> queries, std::vector<Record> answers) {
    return Alone{
        .queries = queries.size(), .answers = answers.size(), .alone_queries = queries, .alone_answers = answers};
  };
  std::vector<Summary> parts = {
      summary_of("ns1", 1, alone({{1, {"x"}, "q1"}, {2, {"x"}, "q2"}, {3, {"y"}, "q3"}}, {})),
      summary_of("ns1", 2, alone({}, {{4, {"x"}, "a4"}, {5, {"z"}, "a5"}})),
      summary_of("ns1", 3, alone({{6, {"x"}, "q6"}}, {{7, {"y"}, "a7"}})),
  };
  for (int round = 0; round < 20; ++round)
    EXPECT_EQ(data_json(merged(parts, random).data).dump(),
              R"({"queries":4,"answers":3,"AloneQueries":["q2","q6"],"AloneAnswers":["a5"]})");
}

TEST(Merge, Measures_merge_each_by_its_own_law) {
  Random random(6);
  std::vector<Data> parts;
  for (int i = 0; i < 8; ++i) {
    Measures part{.counts = {.by = {"qtype"}}, .names = {"octets", "distinct:client", "quantiles:message_size"}};
    for (const char* type : {"A", "MX"}) {
      Distinct clients;
      Quantiles sizes;
      for (int n = 0; n < 300; ++n)
        clients.add(random() * std::uint64_t{0x9e3779b97f4a7c15}), sizes.add(below(random, 5000));
      part.counts.rows.push_back({{type}, 300});
      part.values.push_back({std::uint64_t{30}, clients, sizes});
      if (below(random, 3) == 0) break;
    }
    parts.emplace_back(part);
  }
  EXPECT_EQ(data_json(merged(parts, random)).dump(), data_json(merged(parts, random)).dump());
}

TEST(Merge, The_top_of_a_key_that_another_part_cut_off_may_lack_what_it_had_there) {
  const Measures has{.counts = {.by = {"qtype", "rcode"}, .rows = {{{"A", "NOERROR"}, 9}}, .error = 1},
                     .names = {"top:qname:1"},
                     .values = {{Top{.limit = 1, .entries = {{"a.", 9, 2}}, .absent = 2}}}};
  const Measures cut{.counts = {.by = {"qtype", "rcode"},
                                .rest = {{{}, 4, 100, 30}, {{"A"}, 1, 5, 5}, {{"MX"}, 1, 70, 70}},
                                .error = 3},
                     .names = {"top:qname:1"}};
  for (const bool cut_first : {false, true}) {
    Data into = cut_first ? cut : has;
    ASSERT_TRUE(merge(into, cut_first ? has : cut, Relation::side_by_side));
    const auto& top = std::get<Top>(std::get<Measures>(into).values.at(0).at(0));
    EXPECT_EQ(top.entries.at(0).extra, 2u + 3 + 30 + 5);
    EXPECT_EQ(top.absent, 2u + 3 + 30 + 5);
    EXPECT_EQ(key_error(into), 40u);
    EXPECT_EQ(data_json(into)["A"]["NOERROR"].dump(), R"({"top:qname:1":{"error":40,"top":[["a.",9]]}})");
  }
}

TEST(Merge, What_was_lost_adds) {
  Summary a = summary_of("ns1", 1, Nothing{}), b = a;
  a.loss = {.kernel = 1, .queue = 2, .malformed = 3, .left_out = 4, .key_error = 5, .missed = 6};
  b.loss = {.kernel = 10, .queue = 20, .malformed = 30, .left_out = 40, .key_error = 50, .missed = 60};
  a.loss.lacking[0] = 7;
  b.loss.lacking[0] = 70;
  ASSERT_TRUE(merge(a, std::move(b), Relation::consecutive));
  EXPECT_EQ(nlohmann::json::parse(to_json(a))["loss"],
            nlohmann::json::parse(R"({"kernel":11,"queue":22,"malformed":33,"left_out":44,"key_error":55,)"
                                  R"("lacking":{"time":77},"missed":66})"));
}

TEST(Merge, Data_of_different_forms_do_not_merge_and_stay_as_they_were) {
  const std::vector<Data> forms = {Rate{"qps", 1, 1},   Rate{"aps", 1, 1}, Counts{.by = {"a"}},
                                   Counts{.by = {"b"}}, Records{},         Top{.limit = 1},
                                   Top{.limit = 2},     Alone{},           Measures{.names = {"count"}},
                                   Values{Value(true)}, Nothing{}};
  for (std::size_t i = 0; i < forms.size(); ++i)
    for (std::size_t j = 0; j < forms.size(); ++j) {
      Data into = forms[i];
      EXPECT_EQ(merge(into, Data(forms[j]), Relation::consecutive), i == j) << i << " " << j;
      if (i == j) continue;
      EXPECT_EQ(data_json(into).dump(), data_json(forms[i]).dump());
    }
}

}  // namespace
}  // namespace rata::summary
