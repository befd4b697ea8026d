#include "script/host/columns.h"

#include <cstring>
#include <limits>

namespace rata::script {
namespace {

constexpr std::size_t turn_octets = sizeof(std::uint64_t);
constexpr std::uint64_t no_octets = UINT32_MAX;

template <typename T>
T read(const std::uint8_t* at, std::size_t place) {
  T value;
  std::memcpy(&value, at + place * sizeof value, sizeof value);
  return value;
}

double seconds_of(std::int64_t ns) {
  if (ns == INT64_MIN) return std::numeric_limits<double>::quiet_NaN();
  return static_cast<double>(ns) / 1e9;
}

}  // namespace

const void* Columns::Column::address() const {
  if (!codes.empty()) return codes.data();
  return octets.empty() ? static_cast<const void*>(times.data()) : octets.data();
}

Columns::Columns(const std::vector<Field>& fields, const std::vector<bool>& plain) {
  for (std::size_t i = 0; i < fields.size(); ++i) {
    Column column{.field = fields[i], .plain = plain[i]};
    if (fields[i].form == Field::Form::time)
      column.times.resize(most_messages);
    else if (fields[i].is_octets())
      column.octets.resize(most_messages);
    else
      column.codes.resize(most_messages);
    columns_.push_back(std::move(column));
  }
}

BlockReader::BlockReader(std::span<const std::uint8_t> record, const Columns& columns) : octets_(record.data()) {
  std::memcpy(&header_, octets_, sizeof header_);
  const std::uint8_t* at = octets_ + sizeof header_ + header_.count * turn_octets;
  for (const Columns::Column& column : columns.all()) {
    Part part{at, nullptr};
    if (!column.times.empty()) {
      at += header_.count * sizeof(std::int64_t);
    } else if (!column.codes.empty()) {
      at += header_.count * sizeof(std::uint32_t);
    } else {
      part.octets = at + header_.count * sizeof(std::uint16_t);
      at = part.octets;
      for (std::uint32_t i = 0; i < header_.count; ++i)
        if (const auto size = read<std::uint16_t>(part.values, i); size != FieldWriter::no_text) at += size;
    }
    parts_.push_back(part);
  }
}

void BlockReader::put(Columns& columns, std::span<const std::uint16_t> places) {
  for (std::size_t field = 0; field < parts_.size(); ++field) {
    Columns::Column& column = columns.all()[field];
    Part& part = parts_[field];
    if (!column.codes.empty()) {
      for (std::size_t i = 0; i < places.size(); ++i)
        column.codes[places[i]] = read<std::uint32_t>(part.values, next_ + i);
    } else if (!column.octets.empty()) {
      for (std::size_t i = 0; i < places.size(); ++i) {
        const auto size = read<std::uint16_t>(part.values, next_ + i);
        const bool there = size != FieldWriter::no_text;
        column.octets[places[i]] = {reinterpret_cast<const char*>(part.octets), there ? size : no_octets};
        part.octets += there ? size : 0;
      }
    } else {
      for (std::size_t i = 0; i < places.size(); ++i)
        column.times[places[i]] = seconds_of(read<std::int64_t>(part.values, next_ + i));
    }
  }
  next_ += static_cast<std::uint32_t>(places.size());
}

}  // namespace rata::script
