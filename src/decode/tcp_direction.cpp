#include "decode/tcp_direction.h"

#include <algorithm>
#include <cassert>

#include "decode/message_boundary.h"
#include "util/cursor.h"

// Sequence order and gaps. What happens to octets in order is in tcp_messages.cpp.
namespace rata::decode {
namespace {

constexpr std::uint64_t first_offset = std::uint64_t{1} << 32;

/// Octets before the first ones seen, without a SYN, that still belong to the same stream when they come late.
constexpr std::int64_t late_reach = 64 * 1024;

/// A sequence number farther away than any window in use belongs to another connection on the same ports.
constexpr std::int64_t stream_reach = 16 * 1024 * 1024;

/// Sequence numbers wrap around: the difference counts (RFC 9293 section 3.4).
std::int64_t distance(std::uint32_t from, std::uint32_t to) { return static_cast<std::int32_t>(to - from); }

}  // namespace

void TcpDirection::start(std::uint32_t sequence, bool at_boundary) {
  *this = TcpDirection{};
  next_ = first_ = first_offset;
  next_sequence_ = sequence;
  started_ = true;
  sync_ = at_boundary ? Sync::sure : Sync::searching;
  hole_end_ = next_;
  hole_begin_ = at_boundary ? next_ : next_ - static_cast<std::uint64_t>(late_reach);
}

void TcpDirection::restart(std::uint32_t sequence, bool at_boundary, TcpShared& shared) {
  give_up(&JoinerCounters::tcp_skipped_unfinished, shared);
  start(sequence, at_boundary);
}

void TcpDirection::open(std::uint32_t sequence, TcpShared& shared) {
  const std::uint32_t first = sequence + 1;
  if (!started_) {
    start(first, true);
    opened_ = true;
    return;
  }
  const std::int64_t before = distance(first, next_sequence_ - static_cast<std::uint32_t>(next_ - first_));
  if (opened_ && before == 0) return;
  if (!opened_ && before >= 0 && before <= late_reach) {  // the SYN was captured late
    if (hole_end_ == first_) {
      hole_begin_ = first_ - static_cast<std::uint64_t>(before);
      hole_at_boundary_ = true;
    }
  } else {
    restart(first, true, shared);
  }
  opened_ = true;
}

void TcpDirection::add(std::uint32_t sequence, Octets data, const Stamp& stamp, TcpShared& shared) {
  if (!started_) start(sequence, false);
  std::int64_t ahead = distance(next_sequence_, sequence);
  if (ahead > stream_reach || ahead < -stream_reach) {
    restart(sequence, false, shared);
    ahead = 0;
  }
  if (ahead < 0) {
    const auto old = std::min(static_cast<std::size_t>(-ahead), data.size());
    add_old(next_ - static_cast<std::uint64_t>(-ahead), data.first(old), stamp, shared);
    data = data.subspan(old);
    ahead = 0;
  }
  if (data.empty()) return;
  if (ahead > 0) {
    add_ahead(next_ + static_cast<std::uint64_t>(ahead), data, stamp, shared);
    skip_lost_gaps(shared);
  } else {
    add_in_order(data, stamp, shared);
  }
  end_if_closed(shared);
}

void TcpDirection::advance(std::uint64_t octets) {
  next_ += octets;
  next_sequence_ += static_cast<std::uint32_t>(octets);
}

void TcpDirection::add_in_order(Octets data, const Stamp& stamp, TcpShared& shared) {
  stamp_.advance(stamp);
  while (!data.empty()) {
    std::size_t fresh = data.size();
    if (waits_for_gap()) fresh = std::min<std::size_t>(fresh, shared.blocks[ahead_head_].offset - next_);
    shared.counters.tcp_octets += fresh;
    advance(fresh);
    consume(data.first(fresh), true, shared);
    data = data.subspan(fresh);
    const std::uint64_t before = next_;
    drain_ahead(shared);
    const auto repeated = std::min<std::size_t>(data.size(), next_ - before);
    shared.counters.tcp_repeated += repeated;
    data = data.subspan(repeated);
  }
}

/// Octets before `next_`: seen already, unless they lie where octets were skipped.
void TcpDirection::add_old(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared) {
  const std::uint64_t begin = std::max(offset, hole_begin_);
  const std::uint64_t end = std::min(offset + data.size(), hole_end_);
  const std::size_t fresh = begin < end ? end - begin : 0;
  shared.counters.tcp_repeated += data.size() - fresh;
  if (fresh > 0) fill_hole(begin, data.subspan(begin - offset, fresh), stamp, shared);
}

/// Octets that came too late to be joined with what followed them: the whole messages among them still count.
void TcpDirection::fill_hole(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared) {
  const std::uint64_t end = offset + data.size();
  const bool at_begin = offset == hole_begin_;
  shared.counters.tcp_octets += data.size();
  if ((at_begin && hole_at_boundary_) || message_begins(data) == Boundary::yes) {
    while (data.size() >= 2 && data.size() - 2 >= util::big_endian<std::uint16_t>(data.data())) {
      const std::size_t length = util::big_endian<std::uint16_t>(data.data());
      deliver(data.subspan(2, length), true, stamp, shared);
      data = data.subspan(2 + length);
    }
    hole_at_boundary_ = data.empty();
  } else {
    hole_at_boundary_ = hole_at_boundary_ && !at_begin;
  }
  shared.counters.tcp_skipped_gap += data.size();
  // One hole is remembered: what follows these octets, or else what precedes them.
  (at_begin || end != hole_end_ ? hole_begin_ : hole_end_) = at_begin || end != hole_end_ ? end : offset;
}

void TcpDirection::add_ahead(std::uint64_t offset, Octets data, const Stamp& stamp, TcpShared& shared) {
  std::uint32_t before = BlockPool::none;
  std::uint32_t at = ahead_head_;
  if (waits_for_gap() && shared.blocks[ahead_tail_].end() <= offset) {
    before = ahead_tail_;
    at = BlockPool::none;
  }
  while (!data.empty()) {
    while (at != BlockPool::none && shared.blocks[at].end() <= offset) {
      before = at;
      at = shared.blocks[at].next;
    }
    std::size_t count = data.size();
    if (at != BlockPool::none && shared.blocks[at].offset <= offset) {
      count = std::min<std::size_t>(count, shared.blocks[at].end() - offset);
      shared.counters.tcp_repeated += count;
    } else {
      if (at != BlockPool::none) count = std::min<std::size_t>(count, shared.blocks[at].offset - offset);
      before = insert_ahead(before, offset, data.first(count), stamp, shared);
    }
    offset += count;
    data = data.subspan(count);
  }
}

/// Puts blocks behind `before` (none: in front) and returns the last one of them.
std::uint32_t TcpDirection::insert_ahead(std::uint32_t before, std::uint64_t offset, Octets data, const Stamp& stamp,
                                         TcpShared& shared) {
  shared.counters.tcp_octets += data.size();
  while (!data.empty()) {
    const std::uint32_t index = shared.blocks.take();
    if (index == BlockPool::none) {
      shared.counters.tcp_skipped_limit += data.size();
      break;
    }
    Block& block = shared.blocks[index];
    const auto piece = data.first(std::min(data.size(), sizeof block.octets));
    std::copy(piece.begin(), piece.end(), block.octets);
    block.size = static_cast<std::uint32_t>(piece.size());
    block.offset = offset;
    block.stamp = stamp;
    std::uint32_t& link = before == BlockPool::none ? ahead_head_ : shared.blocks[before].next;
    block.next = link;
    link = index;
    if (block.next == BlockPool::none) ahead_tail_ = index;
    ++ahead_blocks_;
    ahead_octets_ += block.size;
    shared.counters.tcp_waiting += block.size;
    before = index;
    offset += piece.size();
    data = data.subspan(piece.size());
  }
  return before;
}

void TcpDirection::free_ahead_head(TcpShared& shared) {
  const std::uint32_t index = ahead_head_;
  ahead_head_ = shared.blocks[index].next;
  if (ahead_head_ == BlockPool::none) ahead_tail_ = BlockPool::none;
  shared.blocks.give_back(index);
}

/// Consumes what has come to stand in order.
void TcpDirection::drain_ahead(TcpShared& shared) {
  while (waits_for_gap() && shared.blocks[ahead_head_].offset == next_) {
    const Block& block = shared.blocks[ahead_head_];
    stamp_.advance(block.stamp);
    --ahead_blocks_;
    ahead_octets_ -= block.size;
    shared.counters.tcp_waiting -= block.size;
    advance(block.size);
    consume(block.data(), false, shared);
    free_ahead_head(shared);
  }
}

void TcpDirection::skip_lost_gaps(TcpShared& shared) {
  // Tiny segments fill blocks badly: their number is bounded as well.
  const std::size_t most_blocks = shared.limits.stream_octets / 256 + 8;
  while (waits_for_gap() && (acknowledged_ >= shared.blocks[ahead_head_].offset || ahead_blocks_ > most_blocks ||
                             message_octets() + ahead_octets_ > shared.limits.stream_octets))
    skip_gap(shared);
}

/// Goes on behind the gap, at the next boundary if the unfinished message tells where that is.
void TcpDirection::skip_gap(TcpShared& shared) {
  assert(waits_for_gap());
  const std::uint64_t gap = shared.blocks[ahead_head_].offset - next_;
  hole_at_boundary_ = sync_ == Sync::sure && message_octets() == 0 && skip_ == 0;
  hole_begin_ = next_;
  hole_end_ = next_ + gap;
  drop_message(&JoinerCounters::tcp_skipped_gap, shared);
  if (skip_ < gap) sync_ = Sync::searching;
  skip_ -= std::min(skip_, gap);
  advance(gap);
  stamp_ = {};
  drain_ahead(shared);
}

void TcpDirection::acknowledge(std::uint32_t sequence, TcpShared& shared) {
  if (!started_) return;
  const std::int64_t ahead = distance(next_sequence_, sequence);
  if (ahead <= 0 || ahead > stream_reach) return;
  acknowledged_ = std::max(acknowledged_, next_ + static_cast<std::uint64_t>(ahead));
  skip_lost_gaps(shared);
  end_if_closed(shared);
}

void TcpDirection::close(std::uint32_t sequence, TcpShared& shared) {
  if (!started_) return;
  const std::int64_t ahead = distance(next_sequence_, sequence);
  if (ahead < 0 || ahead > stream_reach) return;
  end_ = next_ + static_cast<std::uint64_t>(ahead);
  end_if_closed(shared);
}

void TcpDirection::end_if_closed(TcpShared& shared) {
  if (end_ == 0 || next_ < end_) return;
  end_ = 0;
  closed_ = true;
  drop_message(&JoinerCounters::tcp_skipped_unfinished, shared);
}

void TcpDirection::abort(TcpShared& shared) {
  closed_ = true;
  give_up(&JoinerCounters::tcp_skipped_unfinished, shared);
}

void TcpDirection::give_up(std::uint64_t JoinerCounters::* reason, TcpShared& shared) {
  while (waits_for_gap()) skip_gap(shared);
  drop_message(reason, shared);
}

void TcpDirection::discard(std::uint64_t JoinerCounters::* reason, TcpShared& shared) {
  drop_message(reason, shared);
  while (waits_for_gap()) {
    const std::uint32_t size = shared.blocks[ahead_head_].size;
    shared.counters.*reason += size;
    shared.counters.tcp_waiting -= size;
    free_ahead_head(shared);
  }
  ahead_octets_ = ahead_blocks_ = 0;
}

}  // namespace rata::decode
