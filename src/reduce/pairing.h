#pragma once

#include <cstdint>
#include <vector>

#include "reduce/packet.h"
#include "util/log_histogram.h"

namespace rata::reduce {

/// Finds the query of a response: same addresses, ports, transport, id and question (case aside).
/// A query waits five seconds. Bounded: at `limit` waiting queries the older half is given up and counts as unanswered;
/// of equal queries at most `max_equal` wait, so that a flood of one query costs no more than another.
class Pairing {
 public:
  static constexpr std::size_t max_equal = 16;

  explicit Pairing(std::size_t limit = 1u << 18);

  void add(const Packet& packet);

  /// The input is at its end at `last`: what still waits is unanswered.
  void finish();

  void absorb(Pairing& sibling);

  std::uint64_t unanswered() const { return unanswered_; }  ///< UDP queries without response within five seconds
  std::uint64_t unasked() const { return unasked_; }        ///< UDP responses without a query before them
  /// Units: nanoseconds from the query's stamp to that of the frame that completed the response.
  const util::LogHistogram& latency_udp() const { return latency_udp_; }
  const util::LogHistogram& latency_tcp() const { return latency_tcp_; }

 private:
  struct Waiting {
    std::uint64_t key = 0;
    std::int64_t time_ns = 0;
    bool used = false;
    bool tcp = false;
  };

  void wait(std::uint64_t key, const Packet& packet);
  void answer(std::uint64_t key, const Packet& packet);
  void erase(std::size_t slot);
  void make_room(std::int64_t now_ns);
  void rebuild(std::size_t slots, std::int64_t keep_from_ns);
  void give_up(const Waiting& waiting) { unanswered_ += !waiting.tcp; }

  std::size_t limit_;
  std::vector<Waiting> slots_;
  std::size_t mask_ = 0, used_ = 0;
  std::uint64_t unanswered_ = 0, unasked_ = 0;
  util::LogHistogram latency_udp_, latency_tcp_;
};

}  // namespace rata::reduce
