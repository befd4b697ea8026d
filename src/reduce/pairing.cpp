#include "reduce/pairing.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "util/hash.h"

namespace rata::reduce {
namespace {

constexpr std::size_t first_slots = 1024;

bool is_udp(const Packet& packet) { return packet.transport == util::Transport::udp; }

/// Both halves of the product, folded: every bit of either factor reaches all of the result.
std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

}  // namespace

Pairing::Pairing(std::size_t limit) : limit_(limit), slots_(first_slots), mask_(first_slots - 1) {}

/// 64 keyed bits stand for the whole key: among 2^18 waiting queries two different ones share them with a chance of
/// one in 2^46 for each query. The hashes of name and client are keyed; the rest is folded into them.
std::uint64_t Pairing::key_of(const Packet& packet, std::uint64_t name_hash, std::uint64_t client_hash) noexcept {
  const std::uint64_t multiplier = util::table_multiplier();
  std::uint64_t server[2];
  std::memcpy(server, packet.server.octets.data(), sizeof server);
  const std::uint64_t header = std::uint64_t{packet.message.id} << 48 | std::uint64_t{packet.client_port} << 32 |
                               std::uint64_t{packet.server_port} << 16 | packet.message.qtype;
  const std::uint64_t kind = std::uint64_t{packet.message.qclass} << 8 | static_cast<std::uint64_t>(packet.transport);
  if (!packet.server_text.empty()) [[unlikely]]
    server[0] ^= text_hash_of(packet.server_text);
  const std::uint64_t asked = fold(name_hash ^ multiplier, client_hash ^ header);
  return fold(asked ^ server[0], multiplier ^ server[1] ^ kind << 1);
}

std::optional<std::int64_t> Pairing::add(const Packet& packet, std::uint64_t key) {
  const bool query = packet.message.is_query();
  if (packet.message.has_question()) return query ? add_query(key, packet) : add_response(key, packet);
  // Nothing can be told to belong to it.
  (query ? unanswered_ : unasked_) += is_udp(packet);
  return std::nullopt;
}

std::optional<std::int64_t> Pairing::add_query(std::uint64_t key, const Packet& packet) {
  const std::int64_t now = packet.time.ns;
  const std::size_t response = oldest(key, Kind::response, now - reorder_ns, now + reorder_ns);
  if (response != slots_.size()) return pair(response, slots_[response].time_ns - now);
  retried_ += is_udp(packet) && oldest(key, Kind::query, now - patience_ns, now + patience_ns) != slots_.size();
  wait(key, Kind::query, packet);
  return std::nullopt;
}

std::optional<std::int64_t> Pairing::add_response(std::uint64_t key, const Packet& packet) {
  const std::int64_t now = packet.time.ns;
  const std::size_t query = oldest(key, Kind::query, now - patience_ns, now + patience_ns);
  if (query != slots_.size()) return pair(query, now - slots_[query].time_ns);
  const std::size_t expired = oldest(key, Kind::query, now - late_ns, now - patience_ns);
  if (expired == slots_.size()) {
    wait(key, Kind::response, packet);
    return std::nullopt;
  }
  late_ += is_udp(packet);
  give_up(slots_[expired]);
  erase(expired);
  return std::nullopt;
}

/// The slot of the first entry stamped in [from_ns, to_ns]: equal queries wait side by side, and the response belongs
/// to the oldest. `slots_.size()` when there is none.
std::size_t Pairing::oldest(std::uint64_t key, Kind kind, std::int64_t from_ns, std::int64_t to_ns) const {
  std::size_t best = slots_.size();
  for (std::size_t slot = key & mask_; slots_[slot].kind != Kind::none; slot = (slot + 1) & mask_) {
    const Waiting& waiting = slots_[slot];
    if (waiting.key != key || waiting.kind != kind || waiting.time_ns < from_ns || waiting.time_ns > to_ns) continue;
    if (best == slots_.size() || waiting.time_ns < slots_[best].time_ns) best = slot;
  }
  return best;
}

void Pairing::wait(std::uint64_t key, Kind kind, const Packet& packet) {
  if ((used_ + 1) * 2 > slots_.size()) make_room(packet.time.ns);
  const Waiting fresh{key, packet.time.ns, kind, is_udp(packet)};
  std::size_t slot = key & mask_, earliest = slots_.size(), equal = 0;
  for (; slots_[slot].kind != Kind::none; slot = (slot + 1) & mask_) {
    if (slots_[slot].key != key) continue;
    ++equal;
    if (earliest == slots_.size() || slots_[slot].time_ns < slots_[earliest].time_ns) earliest = slot;
  }
  if (equal >= max_equal) {
    give_up(slots_[earliest]);
    slots_[earliest] = fresh;
    return;
  }
  slots_[slot] = fresh;
  ++used_;
}

std::int64_t Pairing::pair(std::size_t slot, std::int64_t latency_ns) {
  const std::int64_t latency = std::max<std::int64_t>(0, latency_ns);
  (slots_[slot].udp ? latency_udp_ : latency_tcp_).add(static_cast<std::uint64_t>(latency));
  erase(slot);
  return latency;
}

void Pairing::give_up(const Waiting& waiting) {
  if (!waiting.udp) return;
  ++(waiting.kind == Kind::query ? unanswered_ : unasked_);
}

/// Closes the hole by moving back what was pushed past it (Knuth, volume 3, section 6.4, algorithm R).
void Pairing::erase(std::size_t slot) {
  --used_;
  for (std::size_t next = slot;;) {
    slots_[slot].kind = Kind::none;
    do {
      next = (next + 1) & mask_;
      if (slots_[next].kind == Kind::none) return;
      // Stays where it is while its home lies cyclically in (slot, next].
    } while (((next - (slots_[next].key & mask_)) & mask_) < ((next - slot) & mask_));
    slots_[slot] = slots_[next];
    slot = next;
  }
}

void Pairing::make_room(std::int64_t now_ns) {
  const auto keep_for = [now_ns](std::int64_t query_ns) {
    return [=](const Waiting& waiting) {
      return now_ns - waiting.time_ns <= (waiting.kind == Kind::query ? query_ns : reorder_ns);
    };
  };
  rebuild(slots_.size(), keep_for(late_ns));
  if (used_ * 4 <= slots_.size()) return;
  if (used_ < limit_) return rebuild(slots_.size() * 2, [](const Waiting&) { return true; });
  rebuild(slots_.size(), keep_for(patience_ns));
  if (used_ * 4 > slots_.size()) drop_older_half();
}

void Pairing::drop_older_half() {
  std::vector<std::int64_t> times;
  for (const Waiting& waiting : slots_)
    if (waiting.kind != Kind::none) times.push_back(waiting.time_ns);
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  rebuild(slots_.size(), [last = *middle](const Waiting& waiting) { return waiting.time_ns > last; });
}

/// Puts what is to be kept into a new table and gives up the rest.
template <typename Keep>
void Pairing::rebuild(std::size_t slots, Keep keep) {
  std::vector<Waiting> old(slots);
  old.swap(slots_);
  mask_ = slots - 1;
  used_ = 0;
  for (const Waiting& waiting : old) {
    if (waiting.kind == Kind::none) continue;
    if (!keep(waiting)) {
      give_up(waiting);
      continue;
    }
    std::size_t slot = waiting.key & mask_;
    while (slots_[slot].kind != Kind::none) slot = (slot + 1) & mask_;
    slots_[slot] = waiting;
    ++used_;
  }
}

void Pairing::finish() {
  for (Waiting& waiting : slots_)
    if (waiting.kind != Kind::none) give_up(std::exchange(waiting, {}));
  used_ = 0;
}

void Pairing::absorb(Pairing& sibling) {
  sibling.finish();
  for (const auto count : {&Pairing::unanswered_, &Pairing::unasked_, &Pairing::late_, &Pairing::retried_})
    this->*count += std::exchange(sibling.*count, 0);
  latency_udp_.absorb(sibling.latency_udp_);
  latency_tcp_.absorb(sibling.latency_tcp_);
}

}  // namespace rata::reduce
