#pragma once

#include <cstdint>
#include <span>

#include "traffic/addresses.h"
#include "traffic/frame_builder.h"
#include "traffic/load_plan.h"
#include "traffic/names.h"
#include "traffic/options.h"
#include "traffic/query_maker.h"
#include "traffic/random.h"
#include "traffic/response_maker.h"
#include "traffic/schedule.h"
#include "traffic/truth.h"

namespace rata::traffic {

/// Everything that happens between a client and the server for one reason: each puts all its frames on the schedule,
/// later ones with later stamps. Units: stamps are nanoseconds since 1970.
class Transactions {
 public:
  Transactions(const Options& options, const Names& names, Addresses& addresses, Random& random, Schedule& schedule,
               Truth& truth);

  /// A query over UDP and its response.
  void udp(std::uint64_t stamp_ns, const Moment& moment);
  /// A connection with one query or two.
  void tcp(std::uint64_t stamp_ns, const Moment& moment);
  /// A query that no parser should accept. Of those with a whole header, half get a FORMERR of a header alone.
  void malformed(std::uint64_t stamp_ns);
  /// Something that is no DNS, or only quotes it. Draws a client; nothing comes of one over IPv6.
  void noise(std::uint64_t stamp_ns);

 private:
  struct Connection;
  void send_udp(std::uint64_t stamp_ns, const Flow& flow, Direction direction, std::span<const std::uint8_t> payload);
  void send_udp_fragments(std::uint64_t stamp_ns, const Flow& flow, std::span<const std::uint8_t> payload);
  void send_tcp(const Connection& connection, std::uint64_t stamp_ns, Direction direction, std::uint8_t flags,
                std::span<const std::uint8_t> data = {});
  void send_stream(Connection& connection, Direction direction, std::span<const std::uint8_t> data, std::size_t cut);
  void open(Connection& connection);
  void send_queries(Connection& connection, const Moment& moment);
  void send_responses(Connection& connection);
  void close(Connection& connection);
  void count_response(const Flow& flow, bool tcp);
  void put_malformed(Message& message, Malformation how);
  void ping(std::uint64_t stamp_ns, const Flow& flow);
  void port_unreachable(std::uint64_t stamp_ns, const Flow& flow);
  std::uint64_t draw_latency_ns();

  const Options& options_;
  Addresses& addresses_;
  Random& random_;
  Schedule& schedule_;
  Truth& truth_;
  QueryMaker query_maker_;
  ResponseMaker response_maker_;
  FrameBuilder frames_;
  // Kept from one transaction to the next only for their memory.
  Query queries_[2];
  Response response_;
};

}  // namespace rata::traffic
