#include "traffic/transactions.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace rata::traffic {

Transactions::Transactions(const Options& options, const Names& names, Addresses& addresses, Random& random,
                           Schedule& schedule, Truth& truth)
    : options_(options),
      addresses_(addresses),
      random_(random),
      schedule_(schedule),
      truth_(truth),
      query_maker_(options, names, random, truth),
      response_maker_(names, random),
      frames_(random) {}

/// Log-normal, cut at two seconds.
std::uint64_t Transactions::draw_latency_ns() {
  const double latency_us = options_.latency_us * std::exp(options_.latency_sigma * random_.normal());
  return static_cast<std::uint64_t>(std::min(latency_us, 2e6) * 1000) + 1000;
}

void Transactions::count_response(const Flow& flow, bool tcp) {
  truth_.count_response(flow, tcp, static_cast<std::uint32_t>(response_.rcode));
  truth_.truncated_responses += response_.truncated;
  truth_.authoritative_responses += response_.authoritative;
}

void Transactions::send_udp(std::uint64_t stamp_ns, const Flow& flow, Direction direction,
                            std::span<const std::uint8_t> payload) {
  Frame& frame = schedule_.take();
  frames_.udp(frame, flow, direction, payload);
  schedule_.add(stamp_ns, frame);
}

/// One pair in ten arrives in reverse order.
void Transactions::send_udp_fragments(std::uint64_t stamp_ns, const Flow& flow, std::span<const std::uint8_t> payload) {
  constexpr std::uint64_t gap_ns = 4'000;
  Frame& first = schedule_.take();
  Frame& second = schedule_.take();
  frames_.udp_fragments(first, second, flow, payload);
  const bool reversed = random_.chance(.1);
  schedule_.add(stamp_ns + (reversed ? gap_ns : 0), first);
  schedule_.add(stamp_ns + (reversed ? 0 : gap_ns), second);
  ++truth_.fragments.datagrams;
  truth_.fragments.packets += 2;
  truth_.fragments.reversed += reversed;
}

void Transactions::udp(std::uint64_t stamp_ns, const Moment& moment) {
  Query& query = queries_[0];
  const bool wants_fragments = random_.chance(options_.frag);
  const Flow flow =
      addresses_.draw_flow(random_, wants_fragments ? Addresses::Family::v4_if_there_is_one : Addresses::Family::any);
  const bool oversized = wants_fragments && !flow.v6;
  query_maker_.make(query, moment, oversized ? QueryMaker::Size::oversized : QueryMaker::Size::ordinary);
  truth_.count_query_sender(flow, false);
  const std::uint64_t asked_ns = schedule_.rounded(stamp_ns);
  send_udp(asked_ns, flow, Direction::to_server, query.message.octets());
  if (!oversized && random_.chance(options_.unanswered)) {
    ++truth_.unanswered;
    return;
  }
  response_maker_.make(query, response_, true);
  count_response(flow, false);
  const std::uint64_t answered_ns = schedule_.rounded(asked_ns + draw_latency_ns());
  truth_.count_latency(answered_ns - asked_ns);
  if (oversized) {
    send_udp_fragments(answered_ns, flow, response_.message.octets());
  } else {
    send_udp(answered_ns, flow, Direction::to_client, response_.message.octets());
  }
}

void Transactions::malformed(std::uint64_t stamp_ns) {
  const Flow flow = addresses_.draw_flow(random_, Addresses::Family::any);
  const auto how = static_cast<Malformation>(random_.below(malformation_count));
  Message& message = queries_[0].message;
  message.clear();
  put_malformed(message, how);
  ++truth_.malformed[static_cast<std::size_t>(how)];
  const std::uint64_t asked_ns = schedule_.rounded(stamp_ns);
  send_udp(asked_ns, flow, Direction::to_server, message.octets());
  if (how == Malformation::header_cut || !random_.chance(.5)) return;
  message.cut(header_octets);
  message.patch16(2, flag_qr | flag_rd | static_cast<std::uint32_t>(Rcode::FormErr));
  message.patch16(4, 0);
  send_udp(asked_ns + 30'000 + random_.below(50'000), flow, Direction::to_client, message.octets());
  truth_.count_response(flow, false, static_cast<std::uint32_t>(Rcode::FormErr));
  ++truth_.responses_without_question;
}

void Transactions::put_malformed(Message& message, Malformation how) {
  message.put16(random_.next16());
  message.put16(flag_rd);
  message.put16(1);
  message.put16(0);
  message.put32(0);
  switch (how) {
    case Malformation::header_cut:
      return message.cut(1 + random_.below(11));
    case Malformation::pointer_loop:
      if (!random_.chance(.5)) message.put_label("loop");
      message.put_pointer(header_octets);
      break;
    case Malformation::label_overrun:
      message.put8(max_label_octets);
      message.put_text("short");
      message.put8(0);
      break;
    case Malformation::question_cut:
      message.put_label("cut");
      message.put_label(options_.tld);
      message.put8(0);
      message.put8(0);
      return;
  }
  message.put16(type_a);
  message.put16(class_in);
}

void Transactions::noise(std::uint64_t stamp_ns) {
  const double which = random_.uniform();
  Flow flow = addresses_.draw_flow(random_, Addresses::Family::v4_if_there_is_one);
  if (flow.v6) return;
  if (which < .4) {
    ping(stamp_ns, flow);
  } else if (which < .6) {
    port_unreachable(stamp_ns, flow);
  } else if (which < .9) {
    constexpr std::array<std::uint8_t, 48> ntp_query = {0x23, 0, 6, 0xec};
    flow.client_port = static_cast<std::uint16_t>(1024 + random_.below(64'000));
    flow.server_port = 123;
    send_udp(stamp_ns, flow, Direction::to_server, ntp_query);
    ++truth_.noise.ntp;
  } else {
    Frame& frame = schedule_.take();
    FrameBuilder::arp_query(frame, addresses_.server_v4());
    schedule_.add(stamp_ns, frame);
    ++truth_.noise.arp;
  }
}

/// Two packets: they make about 57 % of the noise.
void Transactions::ping(std::uint64_t stamp_ns, const Flow& flow) {
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    Frame& frame = schedule_.take();
    frames_.icmp_echo(frame, flow, direction);
    schedule_.add(stamp_ns, frame);
    ++truth_.noise.icmp_echo;
    stamp_ns += 20'000;
  }
}

/// The quoted datagram is a response of DNS, which must not be counted as one.
void Transactions::port_unreachable(std::uint64_t stamp_ns, const Flow& flow) {
  std::array<std::uint8_t, 40> quoted{};
  store16(quoted.data(), random_.next16());
  store16(quoted.data() + 2, flag_qr | flag_aa);
  store16(quoted.data() + 4, 1);
  std::memcpy(quoted.data() + header_octets, "\6quoted", 7);
  quoted[19] = static_cast<std::uint8_t>(options_.tld.size());
  std::memcpy(quoted.data() + 20, options_.tld.data(), options_.tld.size());
  Frame& frame = schedule_.take();
  frames_.icmp_port_unreachable(frame, flow, quoted);
  schedule_.add(stamp_ns, frame);
  ++truth_.noise.icmp_unreachable;
}

}  // namespace rata::traffic
