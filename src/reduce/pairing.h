#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "reduce/packet.h"
#include "util/log_histogram.h"

namespace rata::reduce {

/// Finds the query of a response: same addresses, ports, transport, id and question (case aside).
///
/// A query waits `patience_ns` for its response; one that comes later, up to `late_ns`, is late and its query stays
/// unanswered. A response that stands before its query in the input (two queues of a card, merged captures) waits
/// `reorder_ns` for it. Stamps that step back by less than the patience do no harm: no pair takes less than 0 ns.
/// Bounded: at `limit` entries those past their patience go, then the older half; of equal ones at most `max_equal`
/// wait, so that a flood of one query costs no more than another.
/// UDP queries = UDP pairs + `unanswered`; UDP responses = UDP pairs + `late` + `unasked`, once finished.
class Pairing {
 public:
  static constexpr std::size_t max_equal = 16;
  static constexpr std::int64_t patience_ns = 5 * util::ns_per_second;
  static constexpr std::int64_t late_ns = 30 * util::ns_per_second;
  static constexpr std::int64_t reorder_ns = util::ns_per_second / 5;

  explicit Pairing(std::size_t limit = 1u << 18);

  /// What a query and its response have in common, for tables of this process.
  /// `name_hash`, `client_hash`: `name_hash_of` and `client_hash_of` the packet, which others may want too.
  static std::uint64_t key_of(const Packet& packet, std::uint64_t name_hash, std::uint64_t client_hash) noexcept;
  static std::uint64_t key_of(const Packet& packet) noexcept {
    return key_of(packet, name_hash_of(packet), client_hash_of(packet));
  }

  /// Asks for the slot that `add` will look at.
  void prefetch(std::uint64_t key) const noexcept { __builtin_prefetch(&slots_[key & mask_], 1); }

  /// Nobody knows whether two messages belong together when one lacks some of these.
  static constexpr util::MemberSet needs = {util::Member::time,   util::Member::source, util::Member::dest,
                                            util::Member::ports,  util::Member::id,     util::Member::flags,
                                            util::Member::queries};

  /// The latency, in nanoseconds, when `packet` completes a pair: the response, or the query where that stands behind.
  std::optional<std::int64_t> add(const Packet& packet, std::uint64_t key);
  std::optional<std::int64_t> add(const Packet& packet) { return add(packet, key_of(packet)); }

  /// The input is at its end: what still waits is unanswered or unasked.
  void finish();

  void absorb(Pairing& sibling);

  // Of UDP, where no connection tells who is still there.
  std::uint64_t unanswered() const { return unanswered_; }  ///< queries without response within the patience
  std::uint64_t unasked() const { return unasked_; }        ///< responses without a query
  std::uint64_t late() const { return late_; }              ///< responses after the patience
  std::uint64_t retried() const { return retried_; }        ///< queries equal to one that was waiting
  /// Units: nanoseconds from the query's stamp to that of the frame that completed the response. TCP: with all that
  /// runs over a connection (DoT, DoH, DoQ, from dnstap).
  const util::LogHistogram& latency_udp() const { return latency_udp_; }
  const util::LogHistogram& latency_tcp() const { return latency_tcp_; }

 private:
  enum class Kind : std::uint8_t { none, query, response };
  struct Waiting {
    std::uint64_t key = 0;
    std::int64_t time_ns = 0;
    Kind kind = Kind::none;
    bool udp = false;
  };

  std::optional<std::int64_t> add_query(std::uint64_t key, const Packet& packet);
  std::optional<std::int64_t> add_response(std::uint64_t key, const Packet& packet);
  std::size_t oldest(std::uint64_t key, Kind kind, std::int64_t from_ns, std::int64_t to_ns) const;
  void wait(std::uint64_t key, Kind kind, const Packet& packet);
  std::int64_t pair(std::size_t slot, std::int64_t latency_ns);
  void erase(std::size_t slot);
  void make_room(std::int64_t now_ns);
  template <typename Keep>
  void rebuild(std::size_t slots, Keep keep);
  void drop_older_half();
  void give_up(const Waiting& waiting);

  std::size_t limit_;
  std::vector<Waiting> slots_;
  std::size_t mask_ = 0, used_ = 0;
  std::uint64_t unanswered_ = 0, unasked_ = 0, late_ = 0, retried_ = 0;
  util::LogHistogram latency_udp_, latency_tcp_;
};

}  // namespace rata::reduce
