#include <algorithm>
#include <array>
#include <cmath>

#include "traffic/transactions.h"

namespace rata::traffic {
namespace {

constexpr std::uint32_t length_octets = 2;  // before each message (RFC 1035 section 4.2.2)

/// What one segment takes, after the timestamp option.
std::size_t segment_octets(const Flow& flow) { return flow.v6 ? 1428 : 1448; }

}  // namespace

/// A connection as it goes on. Units: nanoseconds since 1970 for the moment of what comes next.
struct Transactions::Connection {
  Flow flow;
  std::uint32_t client_sequence = 0;
  std::uint32_t server_sequence = 0;
  std::uint32_t query_count = 0;
  std::uint64_t round_trip_ns = 0;
  std::uint64_t now_ns = 0;
};

void Transactions::tcp(std::uint64_t stamp_ns, const Moment& moment) {
  Connection connection;
  connection.flow = addresses_.draw_flow(random_, Addresses::Family::any);
  connection.flow.client_port = addresses_.next_tcp_port(connection.flow);
  connection.now_ns = stamp_ns;
  connection.query_count = random_.chance(.08) ? 2 : 1;
  connection.client_sequence = static_cast<std::uint32_t>(random_.next());
  connection.server_sequence = static_cast<std::uint32_t>(random_.next());
  connection.round_trip_ns = static_cast<std::uint64_t>(20e6 * std::exp(.6 * random_.normal()));
  ++truth_.tcp.connections;
  truth_.tcp.two_queries += connection.query_count == 2;
  open(connection);
  send_queries(connection, moment);
  send_responses(connection);
  close(connection);
}

void Transactions::send_tcp(const Connection& connection, std::uint64_t stamp_ns, Direction direction,
                            std::uint8_t flags, std::span<const std::uint8_t> data) {
  const bool to_server = direction == Direction::to_server;
  TcpSegment segment;
  segment.sequence = to_server ? connection.client_sequence : connection.server_sequence;
  segment.acknowledged = to_server ? connection.server_sequence : connection.client_sequence;
  segment.flags = flags;
  segment.clock_ms = static_cast<std::uint32_t>(stamp_ns / 1'000'000);
  segment.data = data;
  Frame& frame = schedule_.take();
  frames_.tcp(frame, connection.flow, direction, segment);
  schedule_.add(stamp_ns, frame);
  ++truth_.tcp.packets;
}

/// `data` in segments as large as they can be, the first of `cut` octets unless that is 0.
void Transactions::send_stream(Connection& connection, Direction direction, std::span<const std::uint8_t> data,
                               std::size_t cut) {
  const bool to_server = direction == Direction::to_server;
  while (!data.empty()) {
    const std::size_t size =
        cut > 0 && cut < data.size() ? cut : std::min(data.size(), segment_octets(connection.flow));
    const bool last = size == data.size();
    send_tcp(connection, connection.now_ns, direction, last ? tcp_psh | tcp_ack : tcp_ack, data.first(size));
    (to_server ? connection.client_sequence : connection.server_sequence) += static_cast<std::uint32_t>(size);
    data = data.subspan(size);
    cut = 0;
    if (!last) connection.now_ns += to_server ? 150'000 : 3'000;
  }
}

/// SYN, SYN and ACK, ACK.
void Transactions::open(Connection& connection) {
  send_tcp(connection, connection.now_ns, Direction::to_server, tcp_syn);
  ++connection.client_sequence;
  connection.now_ns += 30'000;
  send_tcp(connection, connection.now_ns, Direction::to_client, tcp_syn | tcp_ack);
  ++connection.server_sequence;
  connection.now_ns += connection.round_trip_ns;
  send_tcp(connection, connection.now_ns, Direction::to_server, tcp_ack);
  connection.now_ns += 8'000;
}

/// One query in twenty is cut in two: behind the first octet of its length, behind the length, or in the message. Two
/// queries come in one segment or in two.
void Transactions::send_queries(Connection& connection, const Moment& moment) {
  Message stream;
  std::size_t first_end = 0;
  for (std::uint32_t i = 0; i < connection.query_count; ++i) {
    Query& query = queries_[i];
    query_maker_.make(query, moment, QueryMaker::Size::ordinary);
    truth_.count_query_sender(connection.flow, true);
    stream.put16(query.message.size());
    stream.put_octets(query.message.octets());
    if (i == 0) first_end = stream.size();
  }
  std::size_t cut = 0;
  if (connection.query_count == 2) {
    if (random_.chance(.5)) cut = first_end;
  } else if (random_.chance(.05)) {
    const std::uint32_t where = random_.below(3);
    cut = where < length_octets ? where + 1 : length_octets + queries_[0].message.size() / 2;
    ++truth_.tcp.split_queries;
  }
  send_stream(connection, Direction::to_server, stream.octets(), cut);
  send_tcp(connection, connection.now_ns + 10'000, Direction::to_client, tcp_ack);
}

/// One response in twenty comes apart from its length.
void Transactions::send_responses(Connection& connection) {
  for (std::uint32_t i = 0; i < connection.query_count; ++i) {
    response_maker_.make(queries_[i], response_, false);
    count_response(connection.flow, true);
    Message stream;
    stream.put16(response_.message.size());
    stream.put_octets(response_.message.octets());
    connection.now_ns += draw_latency_ns() + 12'000;
    const std::size_t cut = random_.chance(.05) ? length_octets : 0;
    truth_.tcp.split_responses += cut > 0 || stream.size() > segment_octets(connection.flow);
    send_stream(connection, Direction::to_client, stream.octets(), cut);
  }
}

/// The client ends it: one time in ten with RST.
void Transactions::close(Connection& connection) {
  connection.now_ns += connection.round_trip_ns;
  send_tcp(connection, connection.now_ns, Direction::to_server, tcp_ack);
  connection.now_ns += 5'000;
  if (random_.chance(.1)) {
    send_tcp(connection, connection.now_ns, Direction::to_server, tcp_rst | tcp_ack);
    return;
  }
  send_tcp(connection, connection.now_ns, Direction::to_server, tcp_fin | tcp_ack);
  ++connection.client_sequence;
  connection.now_ns += 20'000;
  send_tcp(connection, connection.now_ns, Direction::to_client, tcp_fin | tcp_ack);
  ++connection.server_sequence;
  connection.now_ns += connection.round_trip_ns;
  send_tcp(connection, connection.now_ns, Direction::to_server, tcp_ack);
}

}  // namespace rata::traffic
