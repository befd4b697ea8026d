#include <cstdint>
#include <cstdlib>
#include <vector>

#include "capture/dnstap_message.h"
#include "capture/frame_streams.h"

namespace {

using rata::capture::FrameStreams;
using Octets = std::span<const std::uint8_t>;

bool inside(Octets part, Octets whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

void read(Octets frame) {
  const auto message = rata::capture::read_dnstap(frame);
  if (!inside(message.octets, frame)) std::abort();
  if (message.envelope.content != rata::capture::Envelope::Content::message && !message.octets.empty()) std::abort();
  if (message.time.has_value() == message.envelope.lacks.has(rata::util::Member::time) &&
      message.envelope.content == rata::capture::Envelope::Content::message)
    std::abort();
}

/// The data frames, given `step` octets at a time.
std::vector<std::size_t> data_sizes(Octets octets, std::size_t step) {
  std::vector<std::size_t> sizes;
  FrameStreams streams;
  std::size_t at = 0;
  for (std::size_t end = 0; end < octets.size();) {
    end = std::min(octets.size(), end + step);
    for (;;) {
      const auto found = streams.next(octets.subspan(at, end - at));
      if (found.taken > end - at) std::abort();
      at += found.taken;
      if (found.event == FrameStreams::Event::broken) return sizes;
      if (found.event == FrameStreams::Event::more) break;
      if (found.event == FrameStreams::Event::reply) continue;
      if (!inside(found.octets, octets)) std::abort();
      sizes.push_back(found.octets.size());
      read(found.octets);
    }
  }
  return sizes;
}

}  // namespace

/// Any octets as a writer's stream, however they are cut, and as a frame by themselves.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const Octets octets(data, size);
  read(octets);
  const auto at_once = data_sizes(octets, size == 0 ? 1 : size);
  for (const std::size_t step : {1u, 7u})
    if (data_sizes(octets, step) != at_once) std::abort();
  return 0;
}
