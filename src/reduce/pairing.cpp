#include "reduce/pairing.h"

#include <algorithm>
#include <utility>

#include "util/hash.h"

namespace rata::reduce {
namespace {

constexpr std::int64_t patience_ns = 5 * util::ns_per_second;
constexpr std::size_t first_slots = 1024;

/// 64 keyed bits stand for the whole key: among 2^18 waiting queries two different ones share them with a chance of
/// one in 2^46 for each query.
std::uint64_t key_of(const Packet& packet) {
  struct {
    std::uint64_t names, clients, servers;
    std::uint16_t id, client_port, server_port, qtype, qclass, transport;
    std::uint32_t padding = 0;
  } const key{packet.qname_hash,    packet.client_hash,    util::table_hash(packet.server.bytes()),
              packet.message.id,    packet.client_port,    packet.server_port,
              packet.message.qtype, packet.message.qclass, static_cast<std::uint16_t>(packet.transport)};
  return util::table_hash({reinterpret_cast<const std::uint8_t*>(&key), sizeof key});
}

}  // namespace

Pairing::Pairing(std::size_t limit) : limit_(limit), slots_(first_slots), mask_(first_slots - 1) {}

void Pairing::add(const Packet& packet) {
  if (packet.message.is_query()) {
    if (packet.message.has_question())
      wait(key_of(packet), packet);
    else
      unanswered_ += packet.transport == util::Transport::udp;  // nothing could be told to belong to it
  } else if (packet.message.has_question()) {
    answer(key_of(packet), packet);
  } else {
    unasked_ += packet.transport == util::Transport::udp;
  }
}

void Pairing::wait(std::uint64_t key, const Packet& packet) {
  if ((used_ + 1) * 2 > slots_.size()) make_room(packet.time.ns);
  std::size_t slot = key & mask_, oldest = slots_.size(), equal = 0;
  for (; slots_[slot].used; slot = (slot + 1) & mask_) {
    if (slots_[slot].key != key) continue;
    ++equal;
    if (oldest == slots_.size() || slots_[slot].time_ns < slots_[oldest].time_ns) oldest = slot;
  }
  if (equal >= max_equal) {
    give_up(slots_[oldest]);
    slots_[oldest].time_ns = packet.time.ns;
    return;
  }
  slots_[slot] = {key, packet.time.ns, true, packet.transport == util::Transport::tcp};
  ++used_;
}

void Pairing::answer(std::uint64_t key, const Packet& packet) {
  // Equal queries wait side by side: the response belongs to the oldest that is not past its time.
  std::size_t best = slots_.size();
  for (std::size_t slot = key & mask_; slots_[slot].used; slot = (slot + 1) & mask_) {
    const Waiting& waiting = slots_[slot];
    if (waiting.key != key || packet.time.ns - waiting.time_ns > patience_ns) continue;
    if (best == slots_.size() || waiting.time_ns < slots_[best].time_ns) best = slot;
  }
  const bool tcp = packet.transport == util::Transport::tcp;
  if (best == slots_.size()) {
    unasked_ += !tcp;
    return;
  }
  const std::int64_t latency_ns = std::max<std::int64_t>(0, packet.time.ns - slots_[best].time_ns);
  (tcp ? latency_tcp_ : latency_udp_).add(static_cast<std::uint64_t>(latency_ns));
  erase(best);
}

/// Closes the hole by moving back what was pushed past it (Knuth, volume 3, section 6.4, algorithm R).
void Pairing::erase(std::size_t slot) {
  --used_;
  for (std::size_t next = slot;;) {
    slots_[slot].used = false;
    do {
      next = (next + 1) & mask_;
      if (!slots_[next].used) return;
      // Stays where it is while its home lies cyclically in (slot, next].
    } while (((next - (slots_[next].key & mask_)) & mask_) < ((next - slot) & mask_));
    slots_[slot] = slots_[next];
    slot = next;
  }
}

void Pairing::make_room(std::int64_t now_ns) {
  rebuild(slots_.size(), now_ns - patience_ns);
  if (used_ * 4 <= slots_.size()) return;
  if (used_ < limit_) {
    rebuild(slots_.size() * 2, INT64_MIN);
    return;
  }
  std::vector<std::int64_t> times;
  for (const Waiting& waiting : slots_)
    if (waiting.used) times.push_back(waiting.time_ns);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  rebuild(slots_.size(), *middle + 1);
}

/// Puts the waiting queries into a new table, those before `keep_from_ns` aside.
void Pairing::rebuild(std::size_t slots, std::int64_t keep_from_ns) {
  std::vector<Waiting> old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  used_ = 0;
  for (const Waiting& waiting : old) {
    if (!waiting.used) continue;
    if (waiting.time_ns < keep_from_ns) {
      give_up(waiting);
      continue;
    }
    std::size_t slot = waiting.key & mask_;
    while (slots_[slot].used) slot = (slot + 1) & mask_;
    slots_[slot] = waiting;
    ++used_;
  }
}

void Pairing::finish() {
  for (Waiting& waiting : slots_)
    if (std::exchange(waiting.used, false)) give_up(waiting);
  used_ = 0;
}

void Pairing::absorb(Pairing& sibling) {
  sibling.finish();
  unanswered_ += std::exchange(sibling.unanswered_, 0);
  unasked_ += std::exchange(sibling.unasked_, 0);
  latency_udp_.absorb(sibling.latency_udp_);
  latency_tcp_.absorb(sibling.latency_tcp_);
}

}  // namespace rata::reduce
