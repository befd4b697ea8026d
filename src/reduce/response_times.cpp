#include "reduce/response_times.h"

#include <algorithm>

namespace rata::reduce {
namespace {

/// Queries and responses that wait in all shards together: 24 octets each, and as much again free.
constexpr std::size_t waiting_in_all = 1u << 18, least_waiting = 1u << 10;

}  // namespace

ResponseTimes::ResponseTimes(std::size_t shards) : pairing_(std::max(waiting_in_all / shards, least_waiting)) {}

std::span<const Packet> ResponseTimes::in(std::span<const Packet> batch) {
  packets_.assign(batch.begin(), batch.end());
  for (Packet& packet : packets_)
    if ((packet.lacks & Pairing::needs).empty()) packet.response_ns = pairing_.add(packet).value_or(-1);
  return packets_;
}

}  // namespace rata::reduce
