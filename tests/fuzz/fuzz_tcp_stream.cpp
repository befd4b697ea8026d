#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <numeric>
#include <vector>

#include "decode/joiner.h"
#include "decode/opener.h"
#include "util/cursor.h"

namespace {

using namespace rata;

/// A datagram as the octets say: four clients, either direction, sequence numbers near each other, perhaps a fragment.
/// Its payload gets memory of its own size, so that a sanitizer sees an octet read beyond it.
decode::Datagram next_datagram(util::Cursor& cursor, std::unique_ptr<std::uint8_t[]>& memory) {
  const std::uint8_t kind = cursor.u8();
  const std::uint8_t client_octets[] = {192, 0, 2, static_cast<std::uint8_t>(kind & 3)};
  const std::uint8_t server_octets[] = {198, 51, 100, 53};
  decode::Datagram datagram;
  datagram.source = util::Address::v4_from(client_octets);
  datagram.destination = util::Address::v4_from(server_octets);
  if (kind & 4) std::swap(datagram.source, datagram.destination);
  datagram.source.v6 = datagram.destination.v6 = (kind & 8) != 0;
  datagram.cut = (kind & 0xf0) == 0xf0;
  datagram.protocol = (kind & 0xe0) == 0xe0 ? 17 : 6;
  std::vector<std::uint8_t> octets;
  if ((kind & 0x30) == 0x30) {
    datagram.fragment = true;
    datagram.fragment_id = kind & 0x40;
    const std::uint8_t place = cursor.u8();
    datagram.fragment_offset = (place & 0x7fu) * 8;
    datagram.more_fragments = (place & 0x80) != 0;
  } else {
    const std::uint8_t flags = cursor.u8();
    const auto sequence = static_cast<std::uint32_t>(0xfffff000 + cursor.u16());
    octets = {0, 53, 0, 53};
    for (const std::uint32_t word :
         {sequence, flags & 0x80 ? sequence * 77u : sequence, 0x50000000u | (flags & 0x7fu) << 16})
      for (int shift = 24; shift >= 0; shift -= 8) octets.push_back(static_cast<std::uint8_t>(word >> shift));
    octets.resize(20);
  }
  const std::size_t size = cursor.u8();
  const auto data = cursor.take(std::min<std::size_t>(size, cursor.remaining()));
  const std::size_t repeated = (kind & 0x30) == 0x10 ? 40 : 1;  // larger segments than the input has octets for
  for (std::size_t i = 0; i < repeated; ++i) octets.insert(octets.end(), data.begin(), data.end());
  memory = std::make_unique<std::uint8_t[]>(octets.size());
  std::copy(octets.begin(), octets.end(), memory.get());
  datagram.payload = {memory.get(), octets.size()};
  return datagram;
}

void check(const decode::JoinerCounters& counters) {
  if (counters.tcp_octets != counters.tcp_delivered + counters.tcp_skipped_gap + counters.tcp_skipped_limit +
                                 counters.tcp_skipped_unfinished + counters.tcp_waiting)
    std::abort();
}

std::uint64_t read_all(const std::vector<decode::Payload>& payloads) {
  std::uint64_t sum = 0;
  for (const auto& payload : payloads) sum = std::accumulate(payload.octets.begin(), payload.octets.end(), sum);
  return sum;
}

}  // namespace

/// Any sequence of segments and fragments, with small bounds: the octets balance after each, every payload can be read,
/// and nothing waits at the end.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  util::Cursor cursor({data, size});
  const std::uint8_t bounds = cursor.u8();
  decode::Ports ports;
  ports.set(53);
  decode::Opener opener(
      {.ports = ports,
       .fragments = {.datagrams = bounds & 8 ? 2u : 64u, .octets = bounds & 4 ? 2000u : 250'000u, .age_ns = 200}});
  decode::Joiner joiner(ports, {.streams = bounds & 1 ? 4u : 64u,
                                .stream_octets = bounds & 2 ? 2000u : 100'000u,
                                .total_octets = bounds & 4 ? 6000u : 750'000u,
                                .stream_idle_ns = 500});
  std::vector<std::unique_ptr<std::uint8_t[]>> batch;
  std::vector<decode::Payload> out;
  std::uint64_t frames = 0, sum = 0;
  while (cursor.remaining() > 0) {
    decode::Datagram datagram = next_datagram(cursor, batch.emplace_back());
    datagram.ordinal = frames++;
    datagram.time.ns = static_cast<std::int64_t>(frames * (bounds & 16 ? 30 : 1));
    bool whole = false;
    opener.open(datagram, whole);
    if (whole) joiner.add(datagram, out);
    check(joiner.counters());
    if (frames % 8 != 0) continue;
    sum += read_all(out);
    out.clear();
    batch.clear();
    joiner.release();
    opener.release();
  }
  opener.finish();
  joiner.finish(out);
  check(joiner.counters());
  if (joiner.counters().tcp_waiting != 0 || sum + read_all(out) == ~std::uint64_t{0}) std::abort();
  return 0;
}
