#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <vector>

#include "decode/joiner.h"
#include "decode/opener.h"
#include "util/cursor.h"

namespace {

using namespace rata;

constexpr int link_types[] = {1,   0,   6,   7,   9,   10,  12,  14,  50,  51,  101, 104, 105, 108,   113,
                              119, 127, 129, 149, 163, 192, 204, 228, 229, 239, 258, 276, 8,   0xff01};

/// Each frame in memory of its own size, so that a sanitizer sees an octet read beyond it.
struct Held {
  std::unique_ptr<std::uint8_t[]> memory;
  capture::Frame frame;
};

Held next_frame(util::Cursor& cursor, capture::LinkType link, std::uint64_t ordinal) {
  const std::size_t said = cursor.u16();
  const bool cut = (said & 0x8000) != 0;
  const auto octets = cursor.take(std::min<std::size_t>(said & 0x7fff, cursor.remaining()));
  Held held{std::make_unique<std::uint8_t[]>(octets.size()), {}};
  std::copy(octets.begin(), octets.end(), held.memory.get());
  held.frame.octets = {held.memory.get(), octets.size()};
  held.frame.time.ns = static_cast<std::int64_t>(ordinal * 50);
  held.frame.ordinal = ordinal;
  held.frame.original_length = static_cast<std::uint32_t>(octets.size() + (cut ? 40 : 0));
  held.frame.link = link;
  return held;
}

std::uint64_t sum_of(std::span<const std::uint8_t> octets) {
  std::uint64_t sum = 0;
  for (const std::uint8_t octet : octets) sum += octet;
  return sum;
}

void check(const decode::Datagram& datagram, const capture::Frame& frame) {
  const auto payload = datagram.payload;
  const std::uint8_t* begin = frame.octets.data();
  const bool inside = payload.data() >= begin && payload.data() + payload.size() <= begin + frame.octets.size();
  if (!inside && !datagram.joined) std::abort();
  if (datagram.fragment || datagram.ordinal != frame.ordinal) std::abort();
  const auto hash = decode::pair_hash(datagram.source, datagram.destination);
  if (hash != decode::pair_hash(datagram.destination, datagram.source)) std::abort();
}

}  // namespace

/// The first octet chooses the link type, the second which tunnels are opened; then frames, each behind its length. All
/// go through one opener, so that their fragments meet, and on into a joiner. Whatever comes whole can be read, and
/// lies in its frame unless it was joined.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  util::Cursor cursor({data, size});
  const auto link = static_cast<capture::LinkType>(link_types[cursor.u8() % std::size(link_types)]);
  const std::uint8_t closed = cursor.u8();
  decode::OpenerConfig config{
      .ports = {}, .tunnels = {}, .fragments = {.datagrams = 4, .octets = 100'000, .age_ns = 500}};
  config.ports.set(53);
  for (unsigned i = 0; i < static_cast<unsigned>(decode::Tunnel::count_); ++i)
    if ((closed >> i & 1) != 0) config.tunnels.remove(static_cast<decode::Tunnel>(i));
  decode::Opener opener(config);
  decode::Joiner joiner(config.ports,
                        {.streams = 8, .stream_octets = 4000, .total_octets = 8000, .stream_idle_ns = 500});
  std::vector<Held> batch;
  std::vector<decode::Payload> out;
  std::uint64_t sum = 0;
  for (std::uint64_t ordinal = 0; cursor.remaining() > 0 && ordinal < 64; ++ordinal) {
    const capture::Frame& frame = batch.emplace_back(next_frame(cursor, link, ordinal)).frame;
    decode::Datagram datagram;
    bool whole = false;
    decode::Outcome outcome = opener.open(frame, datagram, whole);
    if (whole) {
      check(datagram, frame);
      sum += sum_of(datagram.payload);
      outcome = joiner.add(datagram, out);
    }
    if (decode::name(outcome).empty()) std::abort();
    if (ordinal % 8 != 7) continue;
    for (const auto& payload : out) sum += sum_of(payload.octets);
    out.clear();
    joiner.release();
    opener.release();
    batch.clear();
  }
  opener.finish();
  joiner.finish(out);
  for (const auto& payload : out) sum += sum_of(payload.octets);
  if (joiner.counters().tcp_waiting != 0 || sum == ~std::uint64_t{0}) std::abort();
  return 0;
}
