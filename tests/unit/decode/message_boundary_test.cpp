#include "decode/message_boundary.h"

#include <gtest/gtest.h>

#include <random>

#include "packets.h"

namespace rata::decode {
namespace {

using packets::Octets;

Octets changed(Octets octets, std::size_t at, std::uint8_t value) {
  octets.at(at) = value;
  return octets;
}

TEST(MessageBoundary, IsSeenWhereAMessageBegins) {
  const Octets query = packets::prefixed(packets::dns("www")),
               response = packets::prefixed(packets::dns("www", true, 16));
  // A later message of a zone transfer: no question, one record.
  const Octets transfer = {0, 27, 0, 1, 0x84, 0, 0, 0,  0, 1, 0,   0, 0, 0, 0,
                           0, 1,  0, 1, 0,    0, 0, 60, 0, 4, 192, 0, 2, 1};
  const struct {
    const char* what;
    Octets octets;
  } cases[] = {
      {"query", query},
      {"response", response},
      {"two messages", packets::joined({query, response})},
      {"a message and an octet of the next", packets::joined({query, Octets{0}})},
      {"no question in a transfer", transfer},
      {"an error without a question", {0, 12, 0, 1, 0x84, 1, 0, 0, 0, 0, 0, 0, 0, 0}},
      {"the middle of it has not come", packets::part(response, 0, response.size() - 16)},
  };
  for (const auto& one : cases) EXPECT_EQ(message_begins(one.octets), Boundary::yes) << one.what;
}

TEST(MessageBoundary, IsNotSeenElsewhere) {
  const Octets query = packets::prefixed(packets::dns("www"));
  const std::size_t qclass_end = query.size() - 1;
  const struct {
    const char* what;
    Octets octets;
  } cases[] = {
      {"a length that no header fits", changed(query, 1, 11)},
      {"opcode 3", changed(query, 4, 0x18)},
      {"the reserved bit", changed(query, 5, 0x40)},
      {"a query with a response code", changed(query, 5, 3)},
      {"rcode 12", changed(changed(query, 4, 0x80), 5, 12)},
      {"two questions", changed(query, 7, 2)},
      {"more records than fit", changed(query, 9, 2)},
      {"a query without a question", changed(query, 7, 0)},
      {"a compression pointer first", changed(query, 14, 0xc0)},
      {"a label beyond the end", changed(query, 14, 60)},
      {"class 9", changed(query, qclass_end, 9)},
      {"type 0", changed(query, qclass_end - 2, 0)},
      {"the next length fits no header", packets::joined({query, Octets{0, 3}})},
      {"zeros", Octets(64)},
  };
  for (const auto& one : cases) EXPECT_EQ(message_begins(one.octets), Boundary::no) << one.what;
}

TEST(MessageBoundary, NeedsTheHeaderAndTheFirstQuestionToBeSure) {
  const Octets query = packets::prefixed(packets::dns("www"));
  for (std::size_t size = 0; size < query.size(); ++size)
    EXPECT_EQ(message_begins(std::span(query).first(size)), Boundary::maybe) << size;
}

TEST(MessageBoundary, IsHardlyEverSeenInRandomOctets) {
  std::mt19937 random(1);
  Octets octets(100'000);
  for (auto& octet : octets) octet = static_cast<std::uint8_t>(random());
  int seen = 0;
  for (std::size_t at = 0; at < octets.size(); ++at)
    seen += message_begins(std::span(octets).subspan(at)) == Boundary::yes;
  EXPECT_EQ(seen, 0);
}

}  // namespace
}  // namespace rata::decode
