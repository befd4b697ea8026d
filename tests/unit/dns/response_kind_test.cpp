#include "dns/response_kind.h"

#include <gtest/gtest.h>

#include "unit/dns/samples.h"

namespace rata::dns {
namespace {

using namespace tests;

const Octets a = record(to_question, 1, {192, 0, 2, 1});
const Octets cname = record(to_question, 5, {0});
const Octets dname = record(to_question, 39, {0});
const Octets ns = record(to_question, 2, {0});
const Octets soa = record(to_question, 6, Octets(22));
const Octets rrsig = record(to_question, 46, Octets(20));
const Octets asks_a = question("example", 1);

TEST(DnsResponseKind, Each_kind_is_told_by_its_signs) {
  using enum ResponseKind;
  const struct {
    const char* why;
    Octets octets;
    ResponseKind kind;
  } cases[] = {
      // By the header alone
      {"NXDOMAIN", header(0x8183, 1) + asks_a, nxdomain},
      {"NXDOMAIN behind an alias", header(0x8183, 1, 1) + asks_a + cname, nxdomain},
      {"SERVFAIL", header(0x8182, 1) + asks_a, error},
      {"BADVERS, which only EDNS can say", header(0x8000, 1, 0, 0, 1) + asks_a + record({0}, 41, {}, 1232, 1u << 24),
       error},
      {"truncated", header(0x8200, 1, 1) + asks_a + a, truncated},
      {"no question", header(0x8000, 0), no_question},
      {"a zone transfer's later message", header(0x8400, 0, 1) + record({0}, 1, {192, 0, 2, 1}), answer},
      {"NOTIFY", header(0xa000, 1) + question("example", 6), other_opcode},
      // By the answer
      {"the type", header(0x8400, 1, 1) + asks_a + a, answer},
      {"the type behind an alias", header(0x8400, 1, 2) + asks_a + cname + a, answer},
      {"ANY", header(0x8400, 1, 1) + question("example", 255) + ns, answer},
      {"AXFR", header(0x8400, 1, 1) + question("example", 252) + soa, answer},
      {"CNAME was asked for", header(0x8400, 1, 1) + question("example", 5) + cname, answer},
      {"only CNAME", header(0x8400, 1, 1) + asks_a + cname, alias},
      {"only DNAME", header(0x8400, 1, 1) + asks_a + dname, alias},
      {"CNAME, and servers to go to", header(0x8400, 1, 1, 1) + asks_a + cname + ns, alias},
      {"CNAME, and nothing at its end", header(0x8400, 1, 1, 1) + asks_a + cname + soa, nodata},
      // By the authority
      {"NS, not authoritative", header(0x8000, 1, 0, 1) + asks_a + ns, referral},
      {"NS, not authoritative, with glue", header(0x8000, 1, 0, 1, 1) + asks_a + ns + a, referral},
      {"NS and DS", header(0x8000, 1, 0, 2) + asks_a + ns + record(to_question, 43, {0}), referral},
      {"a signature is no answer", header(0x8000, 1, 1, 1) + asks_a + rrsig + ns, referral},
      {"NS, authoritative", header(0x8400, 1, 0, 1) + asks_a + ns, nodata},
      {"SOA", header(0x8400, 1, 0, 1) + asks_a + soa, nodata},
      {"NS and SOA", header(0x8000, 1, 0, 2) + asks_a + ns + soa, nodata},
      {"nothing", header(0x8180, 1) + asks_a, nodata},
      // With something broken
      {"behind what decides", header(0x8400, 1, 2) + asks_a + a, answer},
      {"before it", header(0x8400, 1, 2) + asks_a + cname, unclear},
      {"in the second question", header(0x8400, 2, 1) + asks_a, unclear},
      {"NXDOMAIN needs no record", header(0x8403, 1, 1) + asks_a, nxdomain},
  };
  for (const auto& test : cases) {
    Message message;
    ASSERT_EQ(parse(test.octets, message), Malformed::none) << test.why;
    EXPECT_EQ(response_kind(message), test.kind) << test.why;
  }
}

TEST(DnsResponseKind, Queries_have_none) {
  const Octets octets = header(0x0100, 1) + asks_a;
  Message message;
  ASSERT_EQ(parse(octets, message), Malformed::none);
  EXPECT_EQ(response_kind(message), std::nullopt);
}

}  // namespace
}  // namespace rata::dns
