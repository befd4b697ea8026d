#include "capture/dnstap_file.h"

#include <array>
#include <utility>

#include "capture/dnstap_batch.h"
#include "capture/file_source.h"
#include "capture/frame_streams.h"
#include "capture/record_reader.h"

namespace rata::capture {
namespace {

/// Frame Streams have no header of their own: START is a frame like others. Whoever asks for a handshake is taken as if
/// it had been answered.
class DnstapReader final : public RecordReader {
 public:
  explicit DnstapReader(const util::Clock* arrival) : batch_(arrival) { link_types_.insert(LinkType::Dnstap); }

  std::size_t header_octets() const override { return 1; }
  util::Result<std::size_t> begin(std::span<const std::uint8_t> octets) override {
    if (octets.empty()) return util::Error{"is empty; Frame Streams begin with a START frame"};
    return std::size_t{0};
  }

  Taken take(std::span<const std::uint8_t> octets, std::uint64_t, std::uint64_t,
             std::vector<Frame>& batch) override {
    batch_.begin(batch);
    const std::uint64_t before = batch_.stats().octets;
    std::size_t at = 0;
    while (!batch_.full() && damage_.empty()) {
      const FrameStreams::Found found = streams_.next(octets.subspan(at));
      at += found.taken;
      if (found.event == FrameStreams::Event::more) break;
      if (found.event == FrameStreams::Event::broken) damage_ = streams_.fault();
      if (found.event == FrameStreams::Event::data) batch_.add(found.octets);
    }
    return {.octets = at, .captured = batch_.stats().octets - before};
  }

  Wanted wanted(std::span<const std::uint8_t>) const override {
    constexpr std::size_t lengths_octets = 8;  // of a control frame; until then its own length is not known
    return {.octets = streams_.wanted(), .at_least = streams_.wanted() <= lengths_octets};
  }
  const char* record_name() const override { return "frame"; }

 private:
  FrameStreams streams_;
  DnstapBatch batch_;
};

}  // namespace

Match match_dnstap(std::span<const std::uint8_t> first) {
  // The escape of a control frame; then its length, which is at most 512, and START.
  constexpr std::array<std::uint8_t, 6> magic = {0, 0, 0, 0, 0, 0};
  constexpr std::size_t kind_octets = 12;
  if (match_magic(first, magic) == Match::no) return Match::no;
  if (first.size() < kind_octets) return Match::more;
  return looks_like_frame_streams(first) ? Match::yes : Match::no;
}

std::unique_ptr<RecordReader> make_dnstap_reader() { return std::make_unique<DnstapReader>(nullptr); }

util::Result<std::unique_ptr<Source>> open_dnstap_file(const std::string& name, Descriptor descriptor, bool waits,
                                                       const SourceOptions& options) {
  return open_capture(name, std::move(descriptor), waits,
                      std::make_unique<DnstapReader>(options.arrival_time ? options.clock : nullptr));
}

}  // namespace rata::capture
