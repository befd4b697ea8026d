#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/pcap_header.h"
#include "capture/pcapng_interface.h"
#include "capture/record_reader.h"
#include "capture/source.h"

namespace rata::capture {
namespace {

enum Block : std::uint32_t {
  interface_description = 1,
  packet = 2,  // obsolete
  simple_packet = 3,
  enhanced_packet = 6,
  section_header = 0x0a0d0d0a,  // the same in both byte orders
};

constexpr std::uint32_t byte_order_magic = 0x1a2b3c4d;
constexpr std::size_t section_header_octets = 28;
constexpr std::size_t frame_octets = 12;  // type and both lengths: the smallest block

/// What libpcap and Wireshark accept; no writer makes larger ones.
constexpr std::uint32_t max_block_octets = 16 * 1024 * 1024;

/// The interfaces that one section may describe: the older packet block can name as many. Bounds the memory.
constexpr std::size_t max_interfaces = 65536;

/// Octets of a block without its packet, options and padding. 0: of a type that is skipped.
constexpr std::size_t smallest(std::uint32_t type) {
  switch (type) {
    case section_header:
      return section_header_octets;
    case interface_description:
      return 20;
    case packet:
    case enhanced_packet:
      return 32;
    case simple_packet:
      return 16;
    default:
      return frame_octets;
  }
}

bool of_some_byte_order(std::uint32_t magic) {
  return magic == byte_order_magic || __builtin_bswap32(magic) == byte_order_magic;
}

/// Source: draft-ietf-opsawg-pcapng, "PCAP Now Generic (pcapng) Capture File Format".
class PcapngReader final : public RecordReader {
 public:
  std::size_t header_octets() const override { return section_header_octets; }
  util::Result<std::size_t> begin(std::span<const std::uint8_t> octets) override;
  Taken take(std::span<const std::uint8_t> octets, std::uint64_t offset, std::uint64_t ordinal,
             std::vector<Frame>& batch) override;
  Wanted wanted(std::span<const std::uint8_t> rest) const override;
  const char* record_name() const override { return "block"; }
  std::vector<std::string> remarks() const override;

 private:
  /// What is counted, and where it was first.
  struct Tally {
    std::uint64_t count = 0, first_offset = 0;
    void add(std::uint64_t offset) {
      if (count++ == 0) first_offset = offset;
    }
  };

  std::uint32_t word_at(const std::uint8_t* octets) const {
    return swapped_ ? word<true>(octets) : word<false>(octets);
  }
  std::uint16_t half_word_at(const std::uint8_t* octets) const {
    return swapped_ ? half_word<true>(octets) : half_word<false>(octets);
  }
  std::uint64_t ticks_at(const std::uint8_t* octets) const {
    return std::uint64_t{word_at(octets)} << 32 | word_at(octets + 4);
  }
  bool is_damaged(std::string why) {
    damage_ = std::move(why);
    return true;
  }

  std::uint32_t length_at(const std::uint8_t* block) const;
  bool bad_block(std::span<const std::uint8_t> rest, std::uint32_t type);
  void open(std::span<const std::uint8_t> block, std::uint64_t offset, std::uint32_t type, std::vector<Frame>& batch,
            std::size_t& count);
  void open_section(const std::uint8_t* block);
  void open_interface(std::span<const std::uint8_t> block);
  bool open_packet(std::span<const std::uint8_t> block, std::uint64_t offset, std::uint32_t type, Frame& frame);
  const Interface* interface_of(std::uint32_t number, std::uint64_t offset);
  bool set_octets(Frame& frame, std::span<const std::uint8_t> room, std::uint32_t captured);

  bool swapped_ = false;
  std::vector<Interface> interfaces_;  ///< of this section
  util::Time last_time_;
  std::uint64_t captured_octets_ = 0, left_out_ = 0;  ///< since the last `take`
  Tally unknown_interface_, outside_time_;
  std::uint32_t first_unknown_ = 0;
};

util::Result<std::size_t> PcapngReader::begin(std::span<const std::uint8_t> octets) {
  if (octets.size() < section_header_octets)
    return util::Error{fmt::format("cut at offset 0: the section header wants at least {} octets, {} are left",
                                   section_header_octets, octets.size())};
  if (!of_some_byte_order(word<false>(octets.data() + 8)))
    return util::Error{
        fmt::format("is a pcapng file of no byte order: \"{}\" at offset 8 is neither \"1a 2b 3c 4d\" "
                    "nor \"4d 3c 2b 1a\"",
                    hex_start(octets.subspan(8, 4)))};
  return std::size_t{0};  // the section header is a block like others
}

/// A section header says by itself in which byte order it is.
std::uint32_t PcapngReader::length_at(const std::uint8_t* block) const {
  if (word<false>(block) != section_header) return word_at(block + 4);
  return word<false>(block + 8) == byte_order_magic ? word<false>(block + 4) : word<true>(block + 4);
}

RecordReader::Wanted PcapngReader::wanted(std::span<const std::uint8_t> rest) const {
  if (rest.size() < frame_octets) return {frame_octets, true};
  return {length_at(rest.data()), false};
}

Taken PcapngReader::take(std::span<const std::uint8_t> octets, std::uint64_t offset, std::uint64_t ordinal,
                         std::vector<Frame>& batch) {
  batch.resize(max_batch);
  Taken taken;
  std::size_t count = 0;
  while (count < max_batch && octets.size() - taken.octets >= frame_octets) {
    const auto rest = octets.subspan(taken.octets);
    const std::uint32_t type = word_at(rest.data());
    if (bad_block(rest, type)) break;
    const std::uint32_t length = length_at(rest.data());
    if (rest.size() < length) break;
    const std::size_t before = count;
    open(rest.first(length), offset + taken.octets, type, batch, count);
    if (!damage_.empty()) break;
    if (count != before) batch[before].ordinal = ordinal + before;
    taken.octets += length;
  }
  batch.resize(count);
  taken.captured = std::exchange(captured_octets_, 0);
  taken.left_out = std::exchange(left_out_, 0);
  return taken;
}

/// Looks at the lengths of the block at the front of `rest`; its end may still be missing.
bool PcapngReader::bad_block(std::span<const std::uint8_t> rest, std::uint32_t type) {
  const std::uint8_t* const block = rest.data();
  const bool section = type == section_header;
  if (section && !of_some_byte_order(word<false>(block + 8)))
    return is_damaged(
        fmt::format("the section there is of no byte order: \"{}\" is neither \"1a 2b 3c 4d\" nor "
                    "\"4d 3c 2b 1a\"",
                    hex_start(rest.subspan(8, 4))));
  const std::uint32_t length = length_at(block);
  if (length % 4 != 0 || length < smallest(type))
    return is_damaged(fmt::format("a block of type {} cannot have {} octets", type, length));
  if (length > max_block_octets)
    return is_damaged(fmt::format("the block there says that it has {} octets, more than {} is never written", length,
                                  max_block_octets));
  if (rest.size() < length) return false;
  const bool turned = section ? word<false>(block + 8) != byte_order_magic : swapped_;
  const std::uint8_t* const end = block + length - 4;
  const std::uint32_t trailer = turned ? word<true>(end) : word<false>(end);
  if (trailer == length) return false;
  return is_damaged(fmt::format("the block there has {} octets by its beginning and {} by its end", length, trailer));
}

void PcapngReader::open(std::span<const std::uint8_t> block, std::uint64_t offset, std::uint32_t type,
                        std::vector<Frame>& batch, std::size_t& count) {
  switch (type) {
    case section_header:
      return open_section(block.data());
    case interface_description:
      return open_interface(block);
    case packet:
    case simple_packet:
    case enhanced_packet:
      if (open_packet(block, offset, type, batch[count])) ++count;
      return;
    default:
      return;  // name resolution, statistics, secrets, and what nobody knows yet
  }
}

void PcapngReader::open_section(const std::uint8_t* block) {
  swapped_ = word<false>(block + 8) != byte_order_magic;
  interfaces_.clear();
  const std::uint16_t major = half_word_at(block + 12);
  if (major != 1)
    is_damaged(
        fmt::format("the section there is of version {}.{}; only 1.x is known", major, half_word_at(block + 14)));
}

void PcapngReader::open_interface(std::span<const std::uint8_t> block) {
  if (interfaces_.size() == max_interfaces) {
    is_damaged(fmt::format("the interface described there is one more than {} in a section", max_interfaces));
    return;
  }
  const auto interface = read_interface(block.subspan(8, block.size() - frame_octets), swapped_, damage_);
  if (!interface) return;
  interfaces_.push_back(*interface);
  link_types_.insert(interface->link);
}

/// True: `frame` holds the packet. False: it was left out and counted, or the block is damaged.
bool PcapngReader::open_packet(std::span<const std::uint8_t> block, std::uint64_t offset, std::uint32_t type,
                               Frame& frame) {
  const std::uint8_t* const fields = block.data() + 8;
  const std::size_t fixed = smallest(type) - 4;
  const auto room = block.subspan(fixed, block.size() - 4 - fixed);
  const std::uint32_t number = type == simple_packet ? 0
                               : type == packet      ? std::uint32_t{half_word_at(fields)}
                                                     : word_at(fields);
  const Interface* interface = interface_of(number, offset);
  if (interface == nullptr) return false;
  frame.link = interface->link;
  if (type == simple_packet) {
    frame.original_length = word_at(fields);
    frame.time = last_time_;  // it has none: the moment of the one before is the nearest that is known
    const std::uint32_t snap = interface->snap_octets == 0 ? UINT32_MAX : interface->snap_octets;
    if (!set_octets(frame, room, std::min(frame.original_length, snap))) return false;
  } else {
    bool outside = false;
    frame.time = interface->clock.at(ticks_at(fields + 4), outside);
    frame.original_length = word_at(fields + 16);
    if (!set_octets(frame, room, word_at(fields + 12))) return false;
    if (outside) [[unlikely]]
      outside_time_.add(offset);
  }
  last_time_ = frame.time;
  if (interface->fcs_octets != 0) strip_fcs(frame, interface->fcs_octets);
  return true;
}

const Interface* PcapngReader::interface_of(std::uint32_t number, std::uint64_t offset) {
  if (number < interfaces_.size()) return &interfaces_[number];
  if (unknown_interface_.count == 0) first_unknown_ = number;
  unknown_interface_.add(offset);
  ++left_out_;
  return nullptr;
}

bool PcapngReader::set_octets(Frame& frame, std::span<const std::uint8_t> room, std::uint32_t captured) {
  if (captured > max_captured_octets)
    return !is_damaged(fmt::format("the packet there says that it has {} octets, more than {} is never written",
                                   captured, max_captured_octets));
  if (captured > room.size())
    return !is_damaged(
        fmt::format("the packet there says that it has {} octets, its block has room for {}", captured, room.size()));
  frame.octets = room.first(captured);
  captured_octets_ += captured;
  return true;
}

std::vector<std::string> PcapngReader::remarks() const {
  std::vector<std::string> remarks;
  if (unknown_interface_.count != 0)
    remarks.push_back(
        fmt::format("{} packets are left out, since no block describes their interface; the first at offset {}, of "
                    "interface {}",
                    unknown_interface_.count, unknown_interface_.first_offset, first_unknown_));
  if (outside_time_.count != 0)
    remarks.push_back(
        fmt::format("{} packets have stamps before 1970 or after 2261, which were set to the nearest moment "
                    "inside; the first at offset {}",
                    outside_time_.count, outside_time_.first_offset));
  return remarks;
}

}  // namespace

Match match_pcapng(std::span<const std::uint8_t> first) {
  constexpr std::uint8_t magic[] = {0x0a, 0x0d, 0x0d, 0x0a};
  return match_magic(first, magic);
}

std::unique_ptr<RecordReader> make_pcapng_reader() { return std::make_unique<PcapngReader>(); }

}  // namespace rata::capture
