#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "script/field.h"
#include "script/ring.h"

extern "C" {
#include "script/host/native.h"
}

namespace rata::script {

/// The messages at hand, column by column: always at the same addresses, which compiled code knows.
class Columns {
 public:
  static constexpr std::size_t most_messages = 4096;

  struct Column {
    Field field;
    bool plain = false;  ///< the octets are the text already
    std::vector<std::uint32_t> codes;
    std::vector<rata_octets> octets;
    std::vector<double> times;

    const void* address() const;
  };

  /// `plain`: of each field, whether its octets are the text already.
  Columns(const std::vector<Field>& fields, const std::vector<bool>& plain);

  const std::vector<Column>& all() const { return columns_; }
  std::vector<Column>& all() { return columns_; }
  const Column& operator[](std::size_t field) const { return columns_[field]; }

 private:
  std::vector<Column> columns_;
};

/// A block, whose messages are put into columns from front to back.
class BlockReader {
 public:
  BlockReader(std::span<const std::uint8_t> record, const Columns& columns);

  std::uint32_t shard() const { return header_.shard; }
  std::uint32_t window() const { return header_.window; }
  std::uint32_t size() const { return header_.count; }
  std::uint32_t next() const { return next_; }  ///< the first that was not put anywhere yet
  std::uint64_t turn(std::uint32_t message) const {
    std::uint64_t turn;
    std::memcpy(&turn, octets_ + sizeof header_ + message * sizeof turn, sizeof turn);
    return turn;
  }

  /// Puts the next messages into `columns`, one at each of these places. Lifetime of what lies there: the record's.
  void put(Columns& columns, std::span<const std::uint16_t> places);

 private:
  struct Part {
    const std::uint8_t* values;
    const std::uint8_t* octets;
  };

  const std::uint8_t* octets_;
  RecordHeader header_;
  std::vector<Part> parts_;
  std::uint32_t next_ = 0;
};

}  // namespace rata::script
