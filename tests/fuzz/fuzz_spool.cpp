#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "channel/compressor.h"
#include "channel/spool_record.h"

namespace {

using namespace rata::channel;

/// Records lie inside, one behind the other, and an intact one is written again with the same octets.
void read_segment(std::string_view segment) {
  RecordReader reader(segment);
  std::size_t end = 0, skipped = 0;
  while (const auto record = reader.next()) {
    if (record->offset < end || record->octets < record_head_octets || record->octets > segment.size() - record->offset)
      std::abort();
    skipped += record->offset != end;
    end = record->offset + record->octets;
    if (reader.end() != end) std::abort();
    if (!record->intact) continue;
    if (record_text(record->head, record->frame) != segment.substr(record->offset, record->octets)) std::abort();
    static_cast<void>(unpack_lines(record->frame));
  }
  if (reader.gaps() != skipped) std::abort();
}

/// Whatever stands behind it, a whole record is read; whatever changed in it, it is not.
void damage_record(std::string_view lines, std::string_view behind) {
  const RecordHead head{.number = 1 + lines.size(), .written = {7}, .summaries = 3};
  std::string segment = record_text(head, Compressor(Compression::zstd).compress(std::string(lines)));
  const std::size_t octets = segment.size();
  segment += behind;
  const auto whole = RecordReader(segment).next();
  if (!whole || !whole->intact || whole->offset != 0 || whole->octets != octets || whole->head.number != head.number ||
      whole->head.written != head.written || whole->head.summaries != head.summaries)
    std::abort();
  const auto read = unpack_lines(whole->frame);
  if (!read || *read != lines) std::abort();
  segment[lines.size() % octets] ^= 0x10;
  const auto damaged = RecordReader(segment).next();
  if (damaged && damaged->offset == 0 && damaged->intact) std::abort();
}

}  // namespace

/// Any octets as a segment of a spool, as a frame, and around a record that is whole.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view octets(reinterpret_cast<const char*>(data), size);
  read_segment(octets);
  static_cast<void>(unpack_lines(octets));
  damage_record(octets.substr(0, size / 2), octets.substr(size / 2));
  return 0;
}
