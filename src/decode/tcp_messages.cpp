#include <algorithm>

#include "decode/message_boundary.h"
#include "decode/tcp_direction.h"
#include "util/cursor.h"

// Octets in order become messages.
namespace rata::decode {

/// `stable`: the octets live as long as payloads must.
void TcpDirection::consume(Octets data, bool stable, TcpShared& shared) {
  if (skip_ > 0) {
    const auto skipped = std::min<std::uint64_t>(skip_, data.size());
    shared.counters.*skip_reason_ += skipped;
    skip_ -= skipped;
    data = data.subspan(skipped);
  }
  while (!data.empty()) data = searches() ? search(data, stable, shared) : read_message(data, stable, shared);
}

/// Looks for a boundary; returns the octets from there on, or none.
TcpDirection::Octets TcpDirection::search(Octets data, bool& stable, TcpShared& shared) {
  if (body_octets_ > 0) {
    auto& joined = shared.scratch;
    joined.resize(body_octets_ + data.size());
    std::copy(data.begin(), data.end(), joined.begin() + body_octets_);
    move_body(joined.data(), shared);
    data = joined;
    stable = false;
  }
  Boundary found = Boundary::no;
  std::size_t at = 0;
  while (at < data.size() && (found = message_begins(data.subspan(at))) == Boundary::no) ++at;
  shared.counters.tcp_skipped_gap += at;
  data = data.subspan(at);
  if (found == Boundary::yes) {
    sync_ = sync_ == Sync::confirming && at == 0 ? Sync::sure : Sync::guessed;
    return data;
  }
  if (at > 0) sync_ = Sync::searching;
  if (!data.empty()) keep(data, shared);
  return {};
}

/// Takes one message, or as much of it as there is; returns what follows it.
TcpDirection::Octets TcpDirection::read_message(Octets data, bool stable, TcpShared& shared) {
  while (prefix_octets_ < 2) {
    if (data.empty()) return {};
    length_ = static_cast<std::uint16_t>(length_ << 8 | data[0]);
    ++prefix_octets_;
    ++shared.counters.tcp_waiting;
    data = data.subspan(1);
  }
  const std::size_t missing = length_ - body_octets_;
  if (data.size() < missing) {
    if (!data.empty()) keep(data, shared);
    return {};
  }
  if (body_octets_ == 0) {
    deliver(data.first(missing), stable, stamp_, shared);
  } else {
    deliver(join_body(data.first(missing), shared), true, stamp_, shared);
  }
  shared.counters.tcp_waiting -= prefix_octets_;
  prefix_octets_ = 0;
  if (sync_ == Sync::guessed) sync_ = Sync::confirming;
  return data.subspan(missing);
}

void TcpDirection::deliver(Octets octets, bool stable, const Stamp& stamp, TcpShared& shared) {
  Payload& payload = shared.out->emplace_back(shared.head);
  payload.octets = stable ? octets : shared.arena.copy(octets);
  payload.time = stamp.time;
  payload.ordinal = stamp.ordinal;
  payload.input = stamp.input;
  shared.counters.tcp_delivered += 2 + octets.size();
}

TcpDirection::Octets TcpDirection::join_body(Octets rest, TcpShared& shared) {
  const auto joined = shared.arena.take(length_);
  std::copy(rest.begin(), rest.end(), joined.begin() + body_octets_);
  move_body(joined.data(), shared);
  return joined;
}

/// Copies what waits of the message and frees its blocks.
void TcpDirection::move_body(std::uint8_t* to, TcpShared& shared) {
  shared.counters.tcp_waiting -= body_octets_;
  body_octets_ = 0;
  while (body_head_ != BlockPool::none) {
    const std::uint32_t index = body_head_;
    const Block& block = shared.blocks[index];
    if (to != nullptr) to = std::copy_n(block.octets, block.size, to);
    body_head_ = block.next;
    shared.blocks.give_back(index);
  }
  body_tail_ = BlockPool::none;
}

/// Stores octets that have to wait for more, or gives their message up.
void TcpDirection::keep(Octets data, TcpShared& shared) {
  const bool fits = message_octets() + ahead_octets_ + data.size() <= shared.limits.stream_octets;
  if (fits && store(data, shared)) return;
  drop_message(&JoinerCounters::tcp_skipped_limit, shared);
  shared.counters.tcp_skipped_limit += data.size();
  skip_ -= std::min<std::uint64_t>(skip_, data.size());
}

/// All or nothing.
bool TcpDirection::store(Octets data, TcpShared& shared) {
  constexpr std::size_t block_octets = sizeof Block::octets;
  const std::size_t room = body_tail_ == BlockPool::none ? 0 : block_octets - shared.blocks[body_tail_].size;
  if (data.size() > room && (data.size() - room - 1) / block_octets + 1 > shared.blocks.available()) return false;
  body_octets_ += static_cast<std::uint32_t>(data.size());
  shared.counters.tcp_waiting += data.size();
  while (!data.empty()) {
    if (body_tail_ == BlockPool::none || shared.blocks[body_tail_].size == block_octets) {
      const std::uint32_t index = shared.blocks.take();
      (body_tail_ == BlockPool::none ? body_head_ : shared.blocks[body_tail_].next) = index;
      body_tail_ = index;
    }
    Block& block = shared.blocks[body_tail_];
    const auto piece = data.first(std::min(data.size(), block_octets - block.size));
    std::copy(piece.begin(), piece.end(), block.octets + block.size);
    block.size += static_cast<std::uint32_t>(piece.size());
    data = data.subspan(piece.size());
  }
  return true;
}

/// Gives up what waits of the unfinished message, and what will come of it when its length is known.
void TcpDirection::drop_message(std::uint64_t JoinerCounters::* reason, TcpShared& shared) {
  const std::uint64_t waiting = message_octets();
  if (waiting == 0) return;
  shared.counters.*(searches() ? &JoinerCounters::tcp_skipped_gap : reason) += waiting;
  shared.counters.tcp_waiting -= prefix_octets_;
  if (prefix_octets_ == 2) {
    skip_ = length_ - body_octets_;
    skip_reason_ = reason;
    if (sync_ == Sync::guessed) sync_ = Sync::confirming;
  } else {
    sync_ = Sync::searching;
  }
  move_body(nullptr, shared);
  prefix_octets_ = 0;
}

}  // namespace rata::decode
