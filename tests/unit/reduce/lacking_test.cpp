#include <gtest/gtest.h>

#include "reduce/dimension.h"
#include "reduce/report.h"
#include "reduce/windows.h"
#include "support/windows.h"

namespace rata::reduce {
namespace {

using util::Member;
using util::MemberSet;

constexpr std::uint8_t query_octets[] = {0, 9, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
constexpr std::uint8_t bare_octets[] = {0, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0};

/// A query for a., as it comes from a source that does not know `lacks`.
Packet packet(MemberSet lacks, std::string_view client_text = {}, std::span<const std::uint8_t> octets = query_octets) {
  Packet made;
  EXPECT_EQ(dns::parse(octets, made.message), dns::Malformed::none);
  made.qname = made.message.qname;
  made.lacks = lacks;
  made.client_text = client_text;
  return made;
}

/// What one window of one reducer is.
struct Result {
  summary::Data data;
  util::MemberCounts lacking;
};

Result reduce(const ReducerConfig& config, const std::vector<Packet>& packets) {
  Result result;
  const Context context;
  auto windows = *Windows::make({.seconds = 1, .packets = packets.size()}, {config}, context, Budget::unlimited,
                                [&](ClosingWindow& closing) {
                                  tests::ClosedWindow window(closing);
                                  result = {std::move(window.data.at(0)), window.lacking.at(0)};
                                });
  windows->add(0, packets);
  return result;
}

ReducerConfig count_by(std::vector<std::string> by, std::vector<std::string> where = {}) {
  ReducerConfig config;
  config.type = "count_by";
  config.by = std::move(by);
  config.where = std::move(where);
  return config;
}

std::uint64_t counted(const Result& result) {
  std::uint64_t sum = 0;
  for (const summary::CountRow& row : std::get<summary::Counts>(result.data).rows) sum += row.count;
  return sum;
}

TEST(Lacking, Every_dimension_and_condition_skips_and_counts_what_lacks_its_member) {
  const struct {
    const char* dimension;
    Member member;
  } dimensions[] = {
      {"qname", Member::queries},     {"qtype", Member::queries}, {"qclass", Member::queries},
      {"opcode", Member::flags},      {"rcode", Member::flags},   {"client", Member::source},
      {"client", Member::flags},      {"server", Member::dest},   {"transport", Member::transport},
      {"message_size", Member::size},
  };
  for (const auto& one : dimensions) {
    const Result result = reduce(count_by({one.dimension}), {packet({one.member}), packet({one.member}), packet({})});
    EXPECT_EQ(result.lacking[static_cast<std::size_t>(one.member)], 2u) << one.dimension;
    EXPECT_EQ(counted(result), std::string_view(one.dimension) == "rcode" ? 0u : 1u) << one.dimension;
  }
  const struct {
    const char* condition;
    Member member;
  } conditions[] = {{"query", Member::flags},   {"response", Member::flags}, {"udp", Member::transport},
                    {"tcp", Member::transport}, {"edns", Member::edns},      {"do", Member::edns},
                    {"tc", Member::flags},      {"rd", Member::flags}};
  for (const auto& one : conditions) {
    const Result result = reduce(count_by({"qtype"}, {one.condition}), {packet({one.member})});
    EXPECT_EQ(result.lacking[static_cast<std::size_t>(one.member)], 1u) << one.condition;
    EXPECT_EQ(counted(result), 0u) << one.condition;
  }
}

TEST(Lacking, The_version_of_ip_is_known_by_either_address) {
  for (const bool response : {false, true})
    for (const MemberSet lacks : {MemberSet{Member::source}, MemberSet{Member::dest}}) {
      Packet one = packet(lacks);
      one.message.flags = response ? 0x8000 : 0;
      (lacks.has(Member::source) == response ? one.client : one.server).v6 = true;  // the one that is known
      EXPECT_EQ(counted(reduce(count_by({"ip_version"}, {"ipv6"}), {one})), 1u) << response;
      EXPECT_EQ(counted(reduce(count_by({"ip_version"}, {"ipv4"}), {one})), 0u) << response;
    }
  for (const auto& config : {count_by({"ip_version"}), count_by({"qtype"}, {"ipv4"}), count_by({"qtype"}, {"ipv6"})}) {
    const Result result = reduce(config, {packet({Member::source, Member::dest})});
    EXPECT_EQ(counted(result), 0u);
    EXPECT_EQ(result.lacking[static_cast<std::size_t>(Member::source)], 1u);
  }
}

TEST(Lacking, A_member_that_nobody_asks_for_is_not_missed) {
  const Result result = reduce(count_by({"qtype"}, {"query"}), {packet({Member::time, Member::source, Member::size})});
  EXPECT_EQ(counted(result), 1u);
  EXPECT_EQ(result.lacking, util::MemberCounts{});
}

TEST(Lacking, A_message_without_question_lacks_its_queries) {
  const Result result = reduce(count_by({"qname"}), {packet({}, {}, bare_octets), packet({})});
  EXPECT_EQ(counted(result), 1u);
  EXPECT_EQ(result.lacking[static_cast<std::size_t>(Member::queries)], 1u);
}

TEST(Lacking, Rates_and_lists_skip_too) {
  for (const char* type : {"QueriesPerSecond", "AnswersPerSecond", "QueriesSummary", "TopKWithIP"}) {
    ReducerConfig config;
    config.type = type;
    const Result result = reduce(config, {packet({Member::flags}), packet({})});
    EXPECT_EQ(result.lacking[static_cast<std::size_t>(Member::flags)], 1u) << type;
  }
  ReducerConfig list;
  list.type = "QueriesWithUnderscoredName";
  EXPECT_EQ(reduce(list, {packet({Member::dest})}).lacking[static_cast<std::size_t>(Member::dest)], 1u);
}

TEST(Lacking, Shards_add_up) {
  util::MemberCounts lacking{};
  const Context context{.shards = 2};
  auto windows = *Windows::make({}, {count_by({"qname"})}, context, Budget::unlimited, [&](ClosingWindow& closing) {
    tests::ClosedWindow window(closing);
    lacking = window.lacking.at(0);
  });
  windows->advance({0});
  const std::vector<Packet> batch = {packet({Member::queries})};
  windows->add(0, batch);
  windows->add(1, batch);
  windows->finish();
  EXPECT_EQ(lacking[static_cast<std::size_t>(Member::queries)], 2u);
}

TEST(Lacking, The_report_counts_what_is_known_and_nothing_else) {
  std::vector<std::unique_ptr<Report>> shards;
  shards.push_back(std::make_unique<Report>(ReportScope::all, 1000));
  const std::vector<Packet> batch = {
      packet({Member::flags, Member::transport, Member::source, Member::dest, Member::queries}),
      packet({Member::source}), packet({Member::ports}, "client-7"), packet({}, "abc")};
  shards.front()->add(batch);
  const WholeReport report(std::move(shards), 1, [](std::size_t tasks, const auto& task) {
    for (std::size_t i = 0; i < tasks; ++i) task(i);
  });
  const Report::Totals& totals = report.totals();
  EXPECT_EQ(totals.messages, 4u);
  EXPECT_EQ(totals.queries, 3u);
  EXPECT_EQ(totals.responses, 0u);
  EXPECT_EQ(totals.transport[0], 3u);
  EXPECT_EQ(totals.ipv4 + totals.ipv6, 3u) << "the server's address tells the version too";
  EXPECT_EQ(report.clients().size(), 2u);
  EXPECT_EQ(report.qnames().size(), 1u);
  EXPECT_EQ(report.pairing().unanswered(), 1u) << "only the one that could be paired";
}

TEST(Lacking, An_anonymous_client_is_shown_as_it_came_and_is_no_address) {
  for (const std::string text : {"c", "abc", "0123456789abcde", "Client-7"}) {
    KeyBuffer key;
    party_key({}, text, key);
    EXPECT_NE(key.octets().size(), 4u);
    EXPECT_NE(key.octets().size(), 16u);
    EXPECT_EQ(party_text(key.octets()), text);
  }
  const Result result = reduce(count_by({"client"}), {packet({}, "Client-7"), packet({}), packet({}, "Client-7")});
  const auto& rows = std::get<summary::Counts>(result.data).rows;
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0], (summary::CountRow{{"0.0.0.0"}, 1}));
  EXPECT_EQ(rows[1], (summary::CountRow{{"Client-7"}, 2}));
}

}  // namespace
}  // namespace rata::reduce
