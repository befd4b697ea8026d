#include "capture/dnstap_message.h"

#include <gtest/gtest.h>

#include "dnstap.h"

namespace rata::capture {
namespace {

using captures::joined;
using captures::Octets;
using dnstap::fixed32_field;
using dnstap::number_field;
using dnstap::octets_field;
using util::Member;
using util::MemberSet;
using util::Transport;
using Content = Envelope::Content;

const Octets dns = {0, 1, 2, 3};
const util::Address client = util::Address::v4_from(dnstap::client_v4),
                    server = util::Address::v4_from(dnstap::server_v4);

DnstapMessage read(const Octets& message) {
  static Octets frame;  // what was read points into it
  frame = dnstap::dnstap(message);
  return read_dnstap(frame);
}

TEST(DnstapMessage, Every_type_and_protocol_says_who_sent_what_over_what) {
  const Transport transports[] = {Transport::udp,          Transport::tcp,          Transport::dot, Transport::doh,
                                  Transport::dnscrypt_udp, Transport::dnscrypt_tcp, Transport::doq};
  for (std::uint64_t type = 1; type <= 14; ++type)
    for (std::uint64_t protocol = 1; protocol <= 7; ++protocol) {
      const DnstapMessage found = read(dnstap::message(type, protocol, 1'700'000'000, dns));
      const Envelope& envelope = found.envelope;
      const bool query = type % 2 == 1;
      EXPECT_EQ(envelope.content, Content::message);
      EXPECT_TRUE(envelope.lacks.empty());
      EXPECT_EQ(Octets(found.octets.begin(), found.octets.end()), dns);
      EXPECT_EQ(envelope.source, query ? client : server);
      EXPECT_EQ(envelope.destination, query ? server : client);
      EXPECT_EQ(envelope.source_port, query ? 40000 : 53);
      EXPECT_EQ(envelope.destination_port, query ? 53 : 40000);
      EXPECT_EQ(envelope.transport, transports[protocol - 1]);
      EXPECT_EQ(found.time, util::Time{1'700'000'000'000'000'005});
    }
}

TEST(DnstapMessage, A_field_that_is_missing_is_named) {
  const Octets type = number_field(1, 5), protocol = number_field(3, 2);
  const Octets from = octets_field(4, dnstap::client_v4), to = octets_field(5, dnstap::server_v4);
  const Octets from_port = number_field(6, 40000), to_port = number_field(7, 53);
  const Octets time = number_field(8, 9), query = octets_field(10, dns);
  const struct {
    Octets message;
    MemberSet lacks;
  } cases[] = {
      {joined({type, protocol, from, to, from_port, to_port, time, query}), {}},
      {joined({type, from, to, from_port, to_port, time, query}), {Member::transport}},
      {joined({type, protocol, to, from_port, to_port, time, query}), {Member::source}},
      {joined({type, protocol, from, from_port, to_port, time, query}), {Member::dest}},
      {joined({type, protocol, from, to, to_port, time, query}), {Member::ports}},
      {joined({type, protocol, from, to, from_port, time, query}), {Member::ports}},
      {joined({type, protocol, from, to, from_port, to_port, query}), {Member::time}},
      {joined({type, query}), {Member::transport, Member::source, Member::dest, Member::ports, Member::time}},
      // Values that cannot be.
      {joined({type, number_field(3, 8), from, to, from_port, to_port, time, query}), {Member::transport}},
      {joined({type, number_field(3, 0), from, to, from_port, to_port, time, query}), {Member::transport}},
      {joined({type, protocol, octets_field(4, dns), octets_field(5, Octets(5)), from_port, to_port, time, query}),
       {Member::dest}},
      {joined({type, protocol, from, to, number_field(6, 65536), to_port, time, query}), {Member::ports}},
      {joined({type, protocol, from, to, from_port, to_port, number_field(8, 1ull << 32), query}), {Member::time}},
  };
  for (const auto& one : cases) {
    const DnstapMessage found = read(one.message);
    EXPECT_EQ(found.envelope.content, Content::message);
    EXPECT_EQ(found.envelope.lacks, one.lacks);
    EXPECT_EQ(found.time.has_value(), !one.lacks.has(Member::time));
  }
}

TEST(DnstapMessage, The_family_is_told_by_the_length_of_the_address) {
  Octets v6(16);
  v6[0] = 0x20;
  v6[15] = 1;
  // INET is claimed, or nothing: sixteen octets are IPv6.
  for (const Octets& family : {number_field(2, 1), Octets{}}) {
    const DnstapMessage found = read(joined({number_field(1, 1), family, octets_field(4, v6), octets_field(10, dns)}));
    EXPECT_TRUE(found.envelope.source.v6);
    EXPECT_EQ(found.envelope.source, util::Address::v6_from(v6.data()));
  }
}

TEST(DnstapMessage, A_response_that_carries_its_query_counts_as_the_response) {
  const Octets query = octets_field(10, Octets{9, 9}), response = octets_field(14, dns);
  const Octets times = joined({number_field(8, 100), number_field(12, 101)});
  const DnstapMessage both = read(joined({number_field(1, 6), times, query, response}));
  EXPECT_EQ(Octets(both.octets.begin(), both.octets.end()), dns);
  EXPECT_EQ(both.time, util::from_seconds(101));
  // With the query alone there is no response to count; the query has a frame of its own.
  EXPECT_EQ(read(joined({number_field(1, 6), times, query})).envelope.content, Content::none);
  EXPECT_EQ(read(joined({number_field(1, 5), times, response})).envelope.content, Content::none);
}

TEST(DnstapMessage, What_is_no_DNS_message_is_told_from_what_cannot_be_read) {
  const Octets message = dnstap::message(1, 1, 1, dns);
  const struct {
    Octets frame;
    Content content;
  } cases[] = {
      {joined({octets_field(14, message), number_field(15, 1)}), Content::message},
      {joined({octets_field(14, message), number_field(15, 2)}), Content::none},  // not MESSAGE
      {number_field(15, 1), Content::none},                                       // nothing inside
      {joined({octets_field(14, number_field(1, 15)), number_field(15, 1)}), Content::none},
      {octets_field(14, message), Content::unreadable},  // no type, which is required
      {joined({octets_field(14, octets_field(10, dns)), number_field(15, 1)}), Content::unreadable},
      {{}, Content::unreadable},
      {{0x7b, 0x7c}, Content::unreadable},        // a group
      {{0x00, 0x01}, Content::unreadable},        // field number 0
      {{0x7a, 0x05, 0x01}, Content::unreadable},  // more octets than there are
      {Octets(11, 0xff), Content::unreadable},    // a varint without end
      {joined({octets_field(14, Octets{0x08}), number_field(15, 1)}), Content::unreadable},
  };
  for (const auto& one : cases) EXPECT_EQ(read_dnstap(one.frame).envelope.content, one.content);
}

TEST(DnstapMessage, A_message_longer_than_any_transport_carries_cannot_be_read) {
  for (const std::uint64_t type : {5u, 6u}) {
    const Octets longest(65'535, 7), longer(65'536, 7);
    EXPECT_EQ(read(dnstap::message(type, 1, 1, longest)).octets.size(), 65'535u);
    const DnstapMessage found = read(dnstap::message(type, 1, 1, longer));
    EXPECT_EQ(found.envelope.content, Content::unreadable);
    EXPECT_TRUE(found.octets.empty());
  }
}

TEST(DnstapMessage, Unknown_fields_are_passed_over_and_of_repeated_ones_the_last_counts) {
  const Octets message =
      joined({number_field(1, 1), number_field(1, 3), octets_field(11, dns), octets_field(15, dns), number_field(16, 2),
              fixed32_field(99, 7), Octets{0xa1, 0x06, 1, 2, 3, 4, 5, 6, 7, 8},  // fixed64, field 100
              number_field(10, 5),                                               // of the wrong kind
              octets_field(10, Octets{7}), octets_field(10, dns)});
  const DnstapMessage found = read(message);
  EXPECT_EQ(found.envelope.content, Content::message);
  EXPECT_EQ(Octets(found.octets.begin(), found.octets.end()), dns);
}

TEST(DnstapMessage, Every_prefix_and_every_changed_octet_is_read_within_bounds) {
  const Octets frame = dnstap::dnstap(dnstap::message(6, 3, 1'700'000'000, dns));
  const auto inside = [](const DnstapMessage& found, const Octets& octets) {
    return found.octets.empty() || (found.octets.data() >= octets.data() &&
                                    found.octets.data() + found.octets.size() <= octets.data() + octets.size());
  };
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    const Octets prefix = captures::part(frame, 0, size);
    EXPECT_TRUE(inside(read_dnstap(prefix), prefix));
  }
  for (std::size_t at = 0; at < frame.size(); ++at)
    for (unsigned value = 0; value < 256; ++value) {
      Octets changed = frame;
      changed[at] = static_cast<std::uint8_t>(value);
      EXPECT_TRUE(inside(read_dnstap(changed), changed));
    }
}

}  // namespace
}  // namespace rata::capture
