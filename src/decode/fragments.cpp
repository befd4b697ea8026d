#include "decode/fragments.h"

#include <algorithm>
#include <cstring>

#include "decode/ipv6_headers.h"

namespace rata::decode {
namespace {

constexpr std::size_t max_datagram_octets = 65535;

/// Where a mirror port sends every frame twice, the last copy follows within a few frames.
constexpr std::size_t joined_remembered = 64;

FlowKey key_of(const Datagram& fragment) {
  // In IPv6 the protocol is none of the identification: only the first fragment's counts (RFC 8200 section 4.5).
  const std::uint64_t protocol = fragment.source.v6 ? 0 : fragment.protocol;
  return {.first = FlowKey::words_of(fragment.source),
          .second = FlowKey::words_of(fragment.destination),
          .rest = fragment.fragment_id | protocol << 32 | std::uint64_t{fragment.source.v6} << 40};
}

}  // namespace

Fragments::Fragments(const FragmentLimits& limits, const Protocols& wanted, Arena& arena)
    : limits_(limits), wanted_(wanted), arena_(arena), open_(limits.datagrams), joined_(joined_remembered) {}

Outcome Fragments::check(const Datagram& fragment) const {
  const bool wanted = wanted_[fragment.protocol] || (fragment.source.v6 && is_ipv6_extension(fragment.protocol));
  if (!wanted) return Outcome::other_protocol;
  if (fragment.cut) return Outcome::cut_by_capture;
  const std::size_t size = fragment.payload.size();
  if (size == 0 || fragment.fragment_offset + size > max_datagram_octets) return Outcome::bad_fragment;
  if (fragment.more_fragments && size % 8 != 0) return Outcome::bad_fragment;
  return Outcome::decoded;
}

Outcome Fragments::add(const Datagram& fragment, Datagram& whole, bool& complete) {
  complete = false;
  forget_old(fragment.time);
  if (const Outcome outcome = check(fragment); outcome != Outcome::decoded) return outcome;
  ++counters_.fragments;
  const FlowKey key = key_of(fragment);
  Table::Entry* entry = open_.find(key);
  if (entry == nullptr) {
    if (repeats_joined(key, fragment)) return Outcome::decoded;
    if (open_.full()) {
      refuse(open_.oldest()->value);
      erase(open_, *open_.oldest());
    }
    entry = &open_.insert(key);
    entry->value.first = fragment.time;
  }
  Pieces& pieces = entry->value;
  if (pieces.refused) return Outcome::bad_fragment;
  const std::size_t end = fragment.fragment_offset + fragment.payload.size();
  if (end > pieces.octets.size() && !make_room(*entry, end - pieces.octets.size())) {
    refuse(pieces);
    erase(open_, *entry);
    return Outcome::decoded;
  }
  if (!put(pieces, fragment)) {
    refuse(pieces);
    return Outcome::bad_fragment;
  }
  complete = pieces.total != 0 && pieces.ranges.size() == 1 && pieces.ranges[0].begin == 0 &&
             pieces.ranges[0].end == pieces.total;
  if (complete) join(key, *entry, fragment, whole);
  return Outcome::decoded;
}

/// Of fragments A A B B the first three make the datagram; the fourth must not begin another one, which would take in
/// the octets of the next datagram with the same number. Of A B A B the second pair is a datagram as the first one is.
bool Fragments::repeats_joined(const FlowKey& key, const Datagram& fragment) {
  Table::Entry* entry = joined_.find(key);
  if (entry == nullptr) return false;
  Pieces& joined = entry->value;
  const auto size = static_cast<std::uint32_t>(fragment.payload.size());
  const std::size_t end = fragment.fragment_offset + size;
  const bool repeats =
      (fragment.more_fragments ? end < joined.octets.size() : end == joined.octets.size()) &&
      std::equal(fragment.payload.begin(), fragment.payload.end(), joined.octets.begin() + fragment.fragment_offset);
  joined.repeated -= std::min(joined.repeated, size);
  // A mirror port sends its copies at once. What comes later is a new datagram with a number used again.
  constexpr std::int64_t copy_age_ns = util::ns_per_second / 10;
  const bool late = fragment.time.ns - joined.first.ns > copy_age_ns;
  if (!repeats || late || joined.repeated == 0) erase(joined_, *entry);
  return repeats && !late;
}

/// Makes `octets` more fit into the bound. False when only `current` could give way.
bool Fragments::make_room(const Table::Entry& current, std::size_t octets) {
  octets_ += octets;
  while (octets_ > limits_.octets) {
    if (joined_.oldest() != nullptr) {
      erase(joined_, *joined_.oldest());
    } else if (open_.oldest() != &current) {
      refuse(open_.oldest()->value);
      erase(open_, *open_.oldest());
    } else {
      octets_ -= octets;
      return false;
    }
  }
  return true;
}

/// False when the fragment contradicts the others.
bool Fragments::put(Pieces& pieces, const Datagram& fragment) {
  const Range range{fragment.fragment_offset,
                    static_cast<std::uint32_t>(fragment.fragment_offset + fragment.payload.size())};
  if (range.end > pieces.octets.size()) pieces.octets.resize(range.end);
  if (pieces.total != 0 && (fragment.more_fragments ? range.end > pieces.total : range.end != pieces.total))
    return false;
  if (!fragment.more_fragments) {
    if (!pieces.ranges.empty() && pieces.ranges.back().end > range.end) return false;
    pieces.total = range.end;
  }
  if (range.begin == 0 || pieces.ranges.empty()) pieces.protocol = fragment.protocol;
  if (!fill(pieces, fragment, range)) return false;
  merge(pieces.ranges, range);
  return true;
}

/// Copies what has not come before. What has must be the same in IPv6; in IPv4 the first copy counts.
bool Fragments::fill(Pieces& pieces, const Datagram& fragment, Range range) {
  const auto from = [&](std::uint32_t offset) { return fragment.payload.data() + (offset - range.begin); };
  std::uint32_t at = range.begin;
  bool fresh = false;
  for (const Range& known : pieces.ranges) {
    if (known.end <= at) continue;
    if (known.begin >= range.end) break;
    if (known.begin > at) {
      std::memcpy(pieces.octets.data() + at, from(at), known.begin - at);
      fresh = true;
    }
    const std::uint32_t begin = std::max(known.begin, at);
    at = std::min(known.end, range.end);
    if (fragment.source.v6 && std::memcmp(pieces.octets.data() + begin, from(begin), at - begin) != 0) return false;
  }
  if (at < range.end) std::memcpy(pieces.octets.data() + at, from(at), range.end - at);
  if (at == range.end && !fresh) pieces.repeated += range.end - range.begin;
  return true;
}

void Fragments::merge(std::vector<Range>& ranges, Range range) {
  auto first = std::lower_bound(ranges.begin(), ranges.end(), range.begin,
                                [](const Range& known, std::uint32_t begin) { return known.end < begin; });
  auto last = first;
  for (; last != ranges.end() && last->begin <= range.end; ++last) {
    range.begin = std::min(range.begin, last->begin);
    range.end = std::max(range.end, last->end);
  }
  if (first == last) {
    ranges.insert(first, range);
  } else {
    *first = range;
    ranges.erase(first + 1, last);
  }
}

/// Stays in the table, so that the fragments yet to come are refused too (RFC 5722 section 3).
void Fragments::refuse(Pieces& pieces) {
  if (pieces.refused) return;
  ++counters_.datagrams_given_up;
  octets_ -= pieces.octets.size();
  pieces.octets = {};
  pieces.ranges = {};
  pieces.refused = true;
}

void Fragments::erase(Table& table, Table::Entry& entry) {
  octets_ -= entry.value.octets.size();
  table.erase(entry);
}

void Fragments::join(const FlowKey& key, Table::Entry& entry, const Datagram& last, Datagram& whole) {
  Pieces& pieces = entry.value;
  ++counters_.datagrams_joined;
  whole = last;
  whole.payload = arena_.copy(pieces.octets);
  whole.protocol = pieces.protocol;
  whole.fragment = whole.more_fragments = false;
  whole.joined = true;
  whole.fragment_offset = 0;
  pieces.repeated %= pieces.total;
  if (pieces.repeated > 0) {
    pieces.repeated = pieces.total - pieces.repeated;  // as many copies of the rest will follow
    pieces.first = last.time;
    if (joined_.full()) erase(joined_, *joined_.oldest());
    joined_.insert(key).value = std::move(pieces);
    pieces.octets.clear();  // counted as the other table's
  }
  erase(open_, entry);
}

void Fragments::forget_old(util::Time now) {
  for (auto* entry = open_.oldest(); entry != nullptr && now.ns - entry->value.first.ns > limits_.age_ns;
       entry = open_.oldest()) {
    refuse(entry->value);
    erase(open_, *entry);
  }
}

void Fragments::finish() {
  while (auto* entry = open_.oldest()) {
    refuse(entry->value);
    erase(open_, *entry);
  }
  while (auto* entry = joined_.oldest()) erase(joined_, *entry);
}

}  // namespace rata::decode
