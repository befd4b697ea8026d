#include "channel/spool_record.h"

#include <fmt/format.h>
#include <zstd.h>

#include "util/hash.h"

namespace rata::channel {
namespace {

constexpr std::string_view magic = "RaS1";
constexpr std::size_t hashed_octets = record_head_octets - sizeof(std::uint64_t);

/// A head with its own hash right, and room for its frame.
std::optional<FoundRecord> record_at(std::string_view segment, std::size_t offset) {
  const std::string_view head = segment.substr(offset, record_head_octets);
  if (head.size() < record_head_octets || !head.starts_with(magic)) return std::nullopt;
  if (read_number(head.substr(hashed_octets)) != util::stable_hash(head.substr(0, hashed_octets))) return std::nullopt;
  const std::uint64_t length = read_number(head.substr(4, 4));
  if (length > segment.size() - offset - record_head_octets) return std::nullopt;
  FoundRecord record;
  record.head = {.number = read_number(head.substr(8, 8)),
                 .written = {static_cast<std::int64_t>(read_number(head.substr(16, 8)))},
                 .summaries = static_cast<std::uint32_t>(read_number(head.substr(24, 4)))};
  record.offset = offset;
  record.octets = record_head_octets + length;
  record.frame = segment.substr(offset + record_head_octets, length);
  record.intact = read_number(head.substr(28, 8)) == util::stable_hash(record.frame);
  return record;
}

}  // namespace

void append_number(std::string& out, std::uint64_t number, std::size_t octets) {
  for (std::size_t i = 0; i < octets; ++i) out += static_cast<char>(number >> (8 * i) & 0xff);
}

std::uint64_t read_number(std::string_view octets) {
  std::uint64_t number = 0;
  for (std::size_t i = octets.size(); i-- > 0;) number = number << 8 | static_cast<unsigned char>(octets[i]);
  return number;
}

std::string record_text(const RecordHead& head, std::string_view frame) {
  std::string text(magic);
  text.reserve(record_head_octets + frame.size());
  append_number(text, frame.size(), 4);
  append_number(text, head.number, 8);
  append_number(text, static_cast<std::uint64_t>(head.written.ns), 8);
  append_number(text, head.summaries, 4);
  append_number(text, util::stable_hash(frame), 8);
  append_number(text, util::stable_hash(text), 8);
  text += frame;
  return text;
}

std::optional<FoundRecord> RecordReader::next() {
  for (std::size_t at = end_; at < segment_.size(); at = segment_.find(magic, at + 1)) {
    auto record = record_at(segment_, at);
    if (!record) continue;
    gaps_ += at != end_;
    end_ = at + record->octets;
    return record;
  }
  return std::nullopt;
}

util::Result<std::string> unpack_lines(std::string_view frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR)
    return util::Error{"a record of the spool holds no frame of zstd that says its size"};
  if (size > most_record_lines_octets)
    return util::Error{fmt::format("a record of the spool claims {} octets of lines; at most {} are read", size,
                                   most_record_lines_octets)};
  std::string lines(size, '\0');
  const std::size_t result = ZSTD_decompress(lines.data(), lines.size(), frame.data(), frame.size());
  if (ZSTD_isError(result) != 0 || result != size)
    return util::Error{fmt::format("a record of the spool cannot be unpacked: {}",
                                   ZSTD_isError(result) != 0 ? ZSTD_getErrorName(result) : "too short")};
  return lines;
}

}  // namespace rata::channel
