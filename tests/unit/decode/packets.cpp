#include "packets.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace rata::decode::packets {

void put(Octets& octets, std::uint64_t number, int count) {
  while (count-- > 0) octets.push_back(static_cast<std::uint8_t>(number >> (8 * count)));
}

Octets joined(std::initializer_list<std::span<const std::uint8_t>> parts) {
  Octets octets;
  for (const auto one : parts) octets.insert(octets.end(), one.begin(), one.end());
  return octets;
}

Octets part(const Octets& octets, std::size_t begin, std::size_t end) {
  const auto view = std::span(octets).subspan(begin, end - begin);
  return {view.begin(), view.end()};
}

Octets dns(std::string_view label, bool response, std::size_t padding) {
  Octets octets;
  put(octets, 0x1234, 2);
  put(octets, response ? 0x8400 : 0x0100, 2);
  put(octets, 1, 2);
  put(octets, 0, 6);
  put(octets, label.size(), 1);
  octets.insert(octets.end(), label.begin(), label.end());
  constexpr std::string_view example = "\7example";
  octets.insert(octets.end(), example.begin(), example.end());
  put(octets, 0, 1);
  put(octets, 1, 2);
  put(octets, 1, 2);
  octets.resize(octets.size() + padding, 0xee);
  return octets;
}

Octets prefixed(const Octets& message) {
  Octets octets;
  put(octets, message.size(), 2);
  octets.insert(octets.end(), message.begin(), message.end());
  return octets;
}

Octets stream_of(std::initializer_list<Octets> messages) {
  Octets stream;
  for (const Octets& message : messages) stream = joined({stream, prefixed(message)});
  return stream;
}

Octets udp(std::uint16_t source, std::uint16_t destination, const Octets& payload) {
  Octets octets;
  put(octets, source, 2);
  put(octets, destination, 2);
  put(octets, 8 + payload.size(), 2);
  put(octets, 0, 2);
  return joined({octets, payload});
}

Octets ipv4(std::uint8_t protocol, const Octets& payload, std::size_t option_octets, std::uint16_t fragment) {
  Octets octets;
  put(octets, 0x45 + option_octets / 4, 1);
  put(octets, 0, 1);
  put(octets, 20 + option_octets + payload.size(), 2);
  put(octets, 0x2b2b, 2);
  put(octets, fragment, 2);
  put(octets, 64, 1);
  put(octets, protocol, 1);
  put(octets, 0, 2);
  put(octets, 0xc0000201, 4);
  put(octets, 0xc6336435, 4);
  octets.resize(octets.size() + option_octets, 1);
  return joined({octets, payload});
}

Octets ipv6(std::uint8_t protocol, const Octets& payload) {
  Octets octets;
  put(octets, 0x60000000, 4);
  put(octets, payload.size(), 2);
  put(octets, protocol, 1);
  put(octets, 64, 1);
  for (const auto& address : {client(true), server(true)})
    octets.insert(octets.end(), address.octets.begin(), address.octets.end());
  return joined({octets, payload});
}

Octets extension(std::uint8_t next, const Octets& payload, std::size_t units) {
  Octets octets = {next, static_cast<std::uint8_t>(units - 1)};
  octets.resize(units * 8);
  return joined({octets, payload});
}

Octets fragment_header(std::uint8_t next, std::uint16_t offset, bool more, std::uint32_t id, const Octets& payload) {
  Octets octets = {next, 0};
  put(octets, offset | (more ? 1u : 0u), 2);
  put(octets, id, 4);
  return joined({octets, payload});
}

Octets hex(std::string_view digits) {
  Octets octets;
  std::string pair;
  for (const char digit : digits) {
    if (digit == ' ') continue;
    pair += digit;
    if (pair.size() < 2) continue;
    octets.push_back(static_cast<std::uint8_t>(std::stoi(pair, nullptr, 16)));
    pair.clear();
  }
  return octets;
}

Octets behind(std::string_view header, const Octets& packet) { return joined({hex(header), packet}); }

Octets ethernet(std::uint16_t ethertype, const Octets& payload) {
  Octets octets(12, 0x02);
  put(octets, ethertype, 2);
  return joined({octets, payload});
}

util::Address client(bool v6) {
  static constexpr std::array<std::uint8_t, 16> six = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  static constexpr std::array<std::uint8_t, 4> four = {192, 0, 2, 1};
  return v6 ? util::Address::v6_from(six.data()) : util::Address::v4_from(four.data());
}

util::Address server(bool v6) {
  static constexpr std::array<std::uint8_t, 16> six = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x53};
  static constexpr std::array<std::uint8_t, 4> four = {198, 51, 100, 53};
  return v6 ? util::Address::v6_from(six.data()) : util::Address::v4_from(four.data());
}

Datagram Peer::segment(std::uint32_t sequence, std::uint32_t acknowledged, std::uint8_t flags,
                       std::span<const std::uint8_t> data) {
  Octets octets;
  put(octets, is_client_ ? port : 53, 2);
  put(octets, is_client_ ? 53 : port, 2);
  put(octets, sequence, 4);
  put(octets, acknowledged, 4);
  put(octets, 0x50, 1);
  put(octets, flags, 1);
  put(octets, 0, 6);
  segments_.push_back(joined({octets, data}));
  Datagram datagram;
  datagram.source = is_client_ ? client() : server();
  datagram.destination = is_client_ ? server() : client();
  datagram.payload = segments_.back();
  datagram.protocol = 6;
  return datagram;
}

Datagram Peer::syn_segment(const Octets& data) { return segment(initial_, 0, is_client_ ? syn : syn | ack, data); }

Datagram Peer::data(std::size_t offset, std::span<const std::uint8_t> octets, std::uint8_t flags) {
  return segment(initial_ + 1 + static_cast<std::uint32_t>(offset), 0, flags, octets);
}

Datagram Peer::acknowledgement(const Peer& other, std::size_t offset) {
  return segment(initial_ + 1, other.initial_ + 1 + static_cast<std::uint32_t>(offset), ack, {});
}

namespace {

Ports dns_port() {
  Ports ports;
  ports.set(53);
  return ports;
}

}  // namespace

Harness::Harness(const JoinerLimits& limits, const FragmentLimits& fragments)
    : opener({.ports = dns_port(), .fragments = fragments}), joiner(dns_port(), limits) {}

Outcome Harness::add(Datagram datagram) {
  datagram.ordinal = next_ordinal++;
  now.ns += 1'000'000;
  datagram.time = now;
  const auto in_frame = datagram.payload;
  bool whole = false;
  Outcome outcome = opener.open(datagram, whole);
  if (whole) outcome = joiner.add(datagram, out_);
  ++outcomes[static_cast<std::size_t>(outcome)];
  take(in_frame);
  check_balance();
  return outcome;
}

void Harness::add_all(const std::vector<Datagram>& datagrams) {
  for (const Datagram& datagram : datagrams) add(datagram);
}

void Harness::finish() {
  opener.finish();
  joiner.finish(out_);
  take({});
  check_balance(true);
}

void Harness::expect(const std::vector<Octets>& expected, const std::string& what) const {
  ASSERT_EQ(messages.size(), expected.size()) << what;
  std::size_t i = 0;
  for (const Octets& message : expected) EXPECT_EQ(messages[i++].octets, message) << what << " " << i;
}

void Harness::take(std::span<const std::uint8_t> memory) {
  for (const Payload& payload : out_) {
    const bool inside =
        payload.octets.data() >= memory.data() && payload.octets.data() <= memory.data() + memory.size();
    messages.push_back({{payload.octets.begin(), payload.octets.end()}, payload, inside});
  }
  out_.clear();
  joiner.release();
  opener.release();
}

void Harness::check_balance(bool nothing_waits) {
  const JoinerCounters& counters = joiner.counters();
  EXPECT_EQ(counters.tcp_octets, counters.tcp_delivered + counters.tcp_skipped_gap + counters.tcp_skipped_limit +
                                     counters.tcp_skipped_unfinished + counters.tcp_waiting);
  EXPECT_TRUE(!nothing_waits || counters.tcp_waiting == 0);
}

}  // namespace rata::decode::packets
