#include "channel/spool_segment.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <utility>

#include "channel/lines.h"

namespace rata::channel {
namespace {

constexpr std::string_view ending = ".spool";
constexpr std::size_t digits = 20;

/// Larger than any that we write: places in it fit into 32 bits.
constexpr std::uintmax_t most_segment_octets = 1u << 30;

util::Error trouble(std::string_view what, const std::filesystem::path& file, int fault = errno) {
  return {fmt::format("cannot {} {}: {}", what, file.string(), std::strerror(fault))};
}

/// From `offset`, so many octets, or what there is of them.
util::Result<std::string> read_part(const std::filesystem::path& file, std::uint64_t offset, std::size_t octets) {
  const int descriptor = open(file.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return trouble("open", file);
  std::string part(octets, '\0');
  std::size_t have = 0;
  int fault = 0;
  while (have < octets) {
    const ssize_t count = pread(descriptor, part.data() + have, octets - have, static_cast<off_t>(offset + have));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fault = errno;
    if (count <= 0) break;
    have += static_cast<std::size_t>(count);
  }
  close(descriptor);
  if (fault != 0) return trouble("read", file, fault);
  part.resize(have);
  return part;
}

int sync_folder(const std::filesystem::path& folder) {
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return errno;
  const int fault = fsync(descriptor) == 0 ? 0 : errno;
  close(descriptor);
  return fault;
}

}  // namespace

IndexedRecord* Segment::find(std::uint64_t number) {
  const auto found = std::ranges::lower_bound(records, number, {}, &IndexedRecord::number);
  return found == records.end() || found->number != number ? nullptr : &*found;
}

IndexedRecord* Segment::first_waiting() {
  while (next_waiting < records.size() && records[next_waiting].state != IndexedRecord::State::waiting) ++next_waiting;
  return next_waiting == records.size() ? nullptr : &records[next_waiting];
}

const IndexedRecord* Segment::first_open() {
  while (next_open < records.size() && records[next_open].state == IndexedRecord::State::done) ++next_open;
  return next_open == records.size() ? nullptr : &records[next_open];
}

std::string segment_name(std::uint64_t first) { return fmt::format("{:0{}}{}", first, digits, ending); }

std::optional<std::uint64_t> parse_segment_name(std::string_view name) {
  std::uint64_t first = 0;
  if (name.size() != digits + ending.size() || !name.ends_with(ending)) return std::nullopt;
  const auto [end, fault] = std::from_chars(name.data(), name.data() + digits, first);
  if (fault != std::errc() || end != name.data() + digits) return std::nullopt;
  return first;
}

util::Result<LoadedSegment> load_segment(const std::filesystem::path& file, std::uint64_t after) {
  std::error_code fault;
  const std::uintmax_t size = std::filesystem::file_size(file, fault);
  if (fault) return trouble("read", file, fault.value());
  if (size > most_segment_octets)
    return util::Error{
        fmt::format("{} has {} octets; a segment has {} at most", file.string(), size, most_segment_octets)};
  auto octets = read_part(file, 0, size);
  if (!octets) return octets.error();
  LoadedSegment loaded;
  loaded.segment.file = file;
  loaded.segment.octets = octets->size();
  RecordReader reader(*octets);
  while (const auto record = reader.next()) {
    // What stands out of turn is a copy that somebody made, or an accident of the disk: no number counts twice.
    if (record->head.number <= after || record->head.number == UINT64_MAX) continue;
    after = record->head.number;
    if (!record->intact) {
      ++loaded.damaged_records;
      loaded.damaged_summaries += record->head.summaries;
      continue;
    }
    loaded.segment.records.push_back({.number = record->head.number,
                                      .written_ns = record->head.written.ns,
                                      .offset = static_cast<std::uint32_t>(record->offset),
                                      .octets = static_cast<std::uint32_t>(record->octets),
                                      .summaries = record->head.summaries});
  }
  loaded.segment.open = loaded.segment.records.size();
  loaded.gaps = reader.gaps();
  loaded.whole_octets = reader.end();
  return loaded;
}

util::Result<std::string> read_record(const Segment& segment, const IndexedRecord& record) {
  return read_part(segment.file, record.offset, record.octets);
}

util::Result<std::string> lines_of_record(std::string_view octets, const IndexedRecord& record) {
  const auto found = RecordReader(octets).next();
  if (!found || !found->intact || found->head.number != record.number)
    return util::Error{fmt::format("record {} is damaged", record.number)};
  return unpack_lines(found->frame);
}

util::Result<void> SegmentWriter::begin(const std::filesystem::path& file, bool durable) {
  shut();
  file_ = file;
  size_ = 0;
  descriptor_ = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return trouble("make", file);
  if (!durable) return {};
  if (const int fault = sync_folder(file.parent_path()); fault != 0) {
    shut();
    unlink(file.c_str());
    return trouble("sync the folder of", file, fault);
  }
  return {};
}

/// The file or its folder was removed or moved: what is written now would be lost with it.
bool SegmentWriter::displaced() const {
  struct stat own{}, named{};
  return fstat(descriptor_, &own) != 0 || stat(file_.c_str(), &named) != 0 || own.st_dev != named.st_dev ||
         own.st_ino != named.st_ino;
}

util::Result<void> SegmentWriter::append(std::string_view octets) {
  if (displaced()) {
    shut();
    return util::Error{fmt::format("{} was removed or moved while it was written", file_.string())};
  }
  const Written written = write_all(descriptor_, octets);
  if (written.fault == 0) {
    size_ += static_cast<off_t>(octets.size());
    return {};
  }
  if (written.octets != 0 && ftruncate(descriptor_, size_) != 0) shut();
  return trouble(fmt::format("write {} octets to", octets.size()), file_, written.fault);
}

util::Result<void> SegmentWriter::sync() {
  if (fdatasync(descriptor_) == 0) return {};
  return trouble("sync", file_);
}

void SegmentWriter::shut() {
  if (descriptor_ >= 0) close(descriptor_);
  descriptor_ = -1;
}

}  // namespace rata::channel
