#include <fmt/format.h>

#include <utility>

#include "capture/pcap_header.h"
#include "capture/record_reader.h"
#include "capture/source.h"

namespace rata::capture {
namespace {

/// The header of a record a few ahead lies somewhere here, in the second-level cache at best: waiting for it costs 4 ns
/// a frame (measured).
void prefetch_record(const std::uint8_t* record) {
  constexpr std::uintptr_t ahead_octets = 1024, span_octets = 256, cache_line_octets = 64;
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(record) + ahead_octets;  // may lie behind the buffer
  for (std::uintptr_t at = first; at < first + span_octets; at += cache_line_octets)
    __builtin_prefetch(reinterpret_cast<const void*>(at));
}

class PcapReader final : public RecordReader {
 public:
  std::size_t header_octets() const override { return pcap_header_octets; }

  util::Result<std::size_t> begin(std::span<const std::uint8_t> octets) override {
    const auto header = read_pcap_header(octets);
    if (!header) return header.error();
    header_ = *header;
    link_types_.insert(header_.link);
    return pcap_header_octets;
  }

  Taken take(std::span<const std::uint8_t> octets, std::uint64_t, std::uint64_t ordinal,
             std::vector<Frame>& batch) override {
    if (header_.odd())
      return header_.swapped ? take_records<true, true>(octets, ordinal, batch)
                             : take_records<false, true>(octets, ordinal, batch);
    return header_.swapped ? take_records<true, false>(octets, ordinal, batch)
                           : take_records<false, false>(octets, ordinal, batch);
  }

  Wanted wanted(std::span<const std::uint8_t> rest) const override {
    if (rest.size() < header_.record_header_octets) return {header_.record_header_octets, true};
    const Sizes sizes = header_.swapped ? sizes_of<true, true>(rest.data()) : sizes_of<false, true>(rest.data());
    return {header_.record_header_octets + sizes.captured, false};
  }

 private:
  struct Sizes {
    std::uint32_t captured, original;
  };

  template <bool swapped, bool odd>
  Sizes sizes_of(const std::uint8_t* record) const {
    Sizes sizes{word<swapped>(record + 8), word<swapped>(record + 12)};
    if constexpr (odd) {
      using enum PcapHeader::Lengths;
      if (header_.lengths == original_first || (header_.lengths == either && sizes.captured > sizes.original))
        std::swap(sizes.captured, sizes.original);
    }
    return sizes;
  }

  template <bool swapped, bool odd>
  Taken take_records(std::span<const std::uint8_t> octets, std::uint64_t ordinal, std::vector<Frame>& batch);

  PcapHeader header_;
};

/// The batch keeps its size from one full read to the next, so that no frame is made anew.
template <bool swapped, bool odd>
Taken PcapReader::take_records(std::span<const std::uint8_t> octets, std::uint64_t ordinal, std::vector<Frame>& batch) {
  const std::uint8_t* record = octets.data();
  const std::uint8_t* const end = record + octets.size();
  const std::size_t header_octets = odd ? header_.record_header_octets : 16;
  const std::int64_t tick_ns = header_.nanoseconds ? 1 : 1000;
  const std::uint32_t fcs_octets = header_.fcs_octets;
  const LinkType link = header_.link;
  std::uint64_t captured_octets = 0;
  batch.resize(max_batch);
  std::size_t count = 0;
  while (count < max_batch && static_cast<std::size_t>(end - record) >= header_octets) {
    const auto [captured, original] = sizes_of<swapped, odd>(record);
    if (captured > max_captured_octets) [[unlikely]] {
      damage_ = fmt::format("the record there says that it has {} octets, more than {} is never written", captured,
                            max_captured_octets);
      break;
    }
    if (static_cast<std::size_t>(end - record) - header_octets < captured) break;
    prefetch_record(record);
    Frame& frame = batch[count];
    frame.octets = {record + header_octets, captured};
    frame.original_length = original;
    // A field of a million microseconds or more is carried into the seconds rather than refused.
    frame.time.ns = word<swapped>(record) * util::ns_per_second + word<swapped>(record + 4) * tick_ns;
    frame.ordinal = ordinal + count;
    frame.link = link;
    if (fcs_octets != 0) strip_fcs(frame, fcs_octets);
    captured_octets += captured;
    record += header_octets + captured;
    ++count;
  }
  batch.resize(count);
  return {static_cast<std::size_t>(record - octets.data()), captured_octets};
}

}  // namespace

std::unique_ptr<RecordReader> make_pcap_reader() { return std::make_unique<PcapReader>(); }

}  // namespace rata::capture
