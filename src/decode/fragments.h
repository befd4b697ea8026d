#pragma once

#include <bitset>
#include <cstdint>
#include <vector>

#include "decode/datagram.h"
#include "decode/lru_table.h"
#include "decode/memory.h"

namespace rata::decode {

/// Bounds of what waits for more fragments.
struct FragmentLimits {
  std::size_t datagrams = 1024;                    ///< unfinished ones; the oldest goes
  std::size_t octets = 2 * 1024 * 1024;            ///< waiting in all of them together
  std::int64_t age_ns = 30 * util::ns_per_second;  ///< RFC 791 section 3.2 suggests 15 s, RFC 8200 wants 60
};

struct FragmentCounters {
  std::uint64_t fragments = 0, datagrams_joined = 0, datagrams_given_up = 0;
};

/// Joins IP fragments, in whatever order they come. Bounded by number, octets and age in packet time; the oldest
/// datagram goes.
/// Not handled: equal addresses in different virtual networks; their fragments meet when their numbers are equal too.
/// Source: RFC 791 section 3.2, RFC 8200 section 4.5, RFC 5722 (overlaps), RFC 815 (the shape of it).
class Fragments {
 public:
  /// Of IP protocols, and of the datagrams joined, only those that are worth it.
  using Protocols = std::bitset<256>;

  Fragments(const FragmentLimits& limits, const Protocols& wanted, Arena& arena);

  /// Takes a fragment. When it completes its datagram, `whole` becomes that and `complete` true.
  Outcome add(const Datagram& fragment, Datagram& whole, bool& complete);
  /// Gives up what waits.
  void finish();
  const FragmentCounters& counters() const { return counters_; }

 private:
  struct Range {
    std::uint32_t begin, end;
  };
  struct Pieces {
    std::vector<std::uint8_t> octets;
    std::vector<Range> ranges;  ///< that have come, in order, not touching
    util::Time first;
    std::uint32_t total = 0;  ///< when the last fragment has come
    std::uint8_t protocol = 0;
    std::uint32_t repeated = 0;  ///< octets of fragments that came twice; when joined: of those still expected
    bool refused = false;
  };
  using Table = LruTable<Pieces>;

  Outcome check(const Datagram& fragment) const;
  bool repeats_joined(const FlowKey& key, const Datagram& fragment);
  bool make_room(const Table::Entry& current, std::size_t octets);
  static bool put(Pieces& pieces, const Datagram& fragment);
  static bool fill(Pieces& pieces, const Datagram& fragment, Range range);
  static void merge(std::vector<Range>& ranges, Range range);
  void refuse(Pieces& pieces);
  void forget_old(util::Time now);
  void erase(Table& table, Table::Entry& entry);
  void join(const FlowKey& key, Table::Entry& entry, const Datagram& last, Datagram& whole);

  const FragmentLimits limits_;
  const Protocols wanted_;
  Arena& arena_;
  FragmentCounters counters_;
  Table open_;
  Table joined_;            ///< the latest ones of which fragments came twice: more copies may follow
  std::size_t octets_ = 0;  ///< in both tables
};

}  // namespace rata::decode
