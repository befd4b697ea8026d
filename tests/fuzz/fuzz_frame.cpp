#include <cstdint>
#include <cstdlib>

#include "decode/datagram.h"

/// Any octets behind any link type: they are opened or an outcome is named, and the payload lies inside them.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const int link : {0, 1, 12, 14, 101, 108, 113, 228, 229, 276, 7}) {
    for (const std::uint32_t cut : {0u, 40u}) {
      const rata::capture::Frame frame{.octets = {data, size},
                                       .time = {},
                                       .ordinal = 0,
                                       .original_length = static_cast<std::uint32_t>(size) + cut,
                                       .link = static_cast<rata::capture::LinkType>(link)};
      rata::decode::Datagram datagram;
      const auto outcome = rata::decode::open_frame(frame, datagram);
      if (rata::decode::name(outcome).empty()) std::abort();
      if (outcome != rata::decode::Outcome::decoded) continue;
      const auto payload = datagram.payload;
      if (payload.data() < data || payload.data() + payload.size() > data + size) std::abort();
      if (datagram.fragment_offset % 8 != 0 || datagram.fragment_offset > 65528) std::abort();
      const auto hash = rata::decode::pair_hash(datagram.source, datagram.destination);
      if (hash != rata::decode::pair_hash(datagram.destination, datagram.source)) std::abort();
    }
  }
  return 0;
}
