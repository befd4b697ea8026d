#include "reduce/contents.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "support/dimensions.h"

namespace rata::reduce {
namespace {

using Octets = std::vector<std::uint8_t>;
using Rows = std::vector<std::pair<unsigned, unsigned>>;
using dns::ResponseKind;

const Octets question = {1, 'a', 0, 0, 1, 0, 1};  // a. A IN
const Octets mx = {0xc0, 12, 0, 15, 0, 1, 0, 0, 0, 0, 0, 3, 0, 1, 0};
const Octets far_type = {0xc0, 12, 0xff, 0x00, 0, 1, 0, 0, 0, 0, 0, 0};
const Octets opt = {0, 0,  41, 4, 208, 0, 0,   0, 0, 0, 19,  // with
                    0, 15, 0,  3, 0,   3, 'x',               // EDE 3
                    0, 15, 0,  1, 0,                         // EDE without info code
                    0, 3,  0,  0,                            // NSID
                    0, 9,  0};                               // half an option

dns::Message message(std::vector<Octets>& kept, std::uint8_t flags, std::initializer_list<std::uint8_t> counts,
                     std::initializer_list<Octets> parts) {
  Octets& octets = kept.emplace_back(Octets{0, 1, flags, 0});
  for (const std::uint8_t count : counts) octets.insert(octets.end(), {0, count});
  for (const Octets& part : parts) octets.insert(octets.end(), part.begin(), part.end());
  dns::Message read;
  EXPECT_EQ(dns::parse(octets, read), dns::Malformed::none);
  return read;
}

Rows rows(const CodeCounts& counts) {
  Rows found;
  for (const auto& [code, count] : counts.rows()) found.emplace_back(code, count);
  return found;
}

TEST(Contents, What_lies_behind_the_question_is_counted_by_code) {
  std::vector<Octets> kept;
  kept.reserve(8);
  Contents first, second;
  first.add(message(kept, 0x01, {1, 0, 0, 1}, {question, opt}));                // a query
  first.add(message(kept, 0x84, {1, 1, 0, 2}, {question, mx, far_type, opt}));  // NODATA
  second.add(message(kept, 0x84, {1, 2, 0, 0}, {question, mx}));                // with a missing record
  second.add(message(kept, 0x80, {0, 0, 0, 0}, {}));
  second.add(message(kept, 0x80, {2, 0, 0, 0}, {question}));  // with a missing question
  second.add(message(kept, 0x00, {2, 0, 0, 0}, {question, question}));
  first += second;
  EXPECT_EQ(rows(first.qdcount_not_1), (Rows{{0, 1}, {2, 2}}));
  EXPECT_EQ(rows(first.edns_options), (Rows{{3, 2}, {15, 4}}));
  EXPECT_EQ(rows(first.ede), (Rows{{3, 2}}));
  EXPECT_EQ(rows(first.rr_types), (Rows{{15, 2}, {0xff00, 1}}));
  const auto kind = [&](ResponseKind of) { return first.kinds[static_cast<std::size_t>(of)]; };
  EXPECT_EQ(kind(ResponseKind::nodata), 1u);
  EXPECT_EQ(kind(ResponseKind::unclear), 2u);
  EXPECT_EQ(kind(ResponseKind::no_question), 1u);
}

TEST(Contents, The_kind_of_response_is_a_dimension_that_queries_do_not_have) {
  std::vector<Octets> kept;
  kept.reserve(2);
  Packet packet;
  packet.message = message(kept, 0x84, {1, 0, 0, 0}, {question});
  EXPECT_EQ(tests::value_of("kind", packet), "nodata");
  packet.message = message(kept, 0x01, {1, 0, 0, 0}, {question});
  EXPECT_EQ(tests::value_of("kind", packet), tests::no_value);
}

}  // namespace
}  // namespace rata::reduce
