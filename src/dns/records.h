#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dns/message.h"

namespace rata::dns {

enum class Section : std::uint8_t { question, answer, authority, additional, count_ };

/// A resource record, or a question, where it lies. Lifetime: the message's octets.
struct Record {
  Section section = Section::question;
  std::uint16_t index = 0;   ///< in its section, from 0
  std::size_t owner_at = 0;  ///< of the owner name's first octet in the message; the name may be compressed
  std::size_t rdata_at = 0;
  std::uint16_t type = 0, rr_class = 0;
  std::uint32_t ttl = 0;                ///< seconds; what follows is of no question
  std::span<const std::uint8_t> rdata;  ///< as on the wire
};

/// Why a walk ends before the counts of the header do.
enum class RecordFault : std::uint8_t {
  none,
  missing,           ///< the message ends where the record should begin
  cut_owner,         ///< the message ends inside the owner name
  bad_label_type,    ///< of the owner name
  cut_fixed_part,    ///< the message ends before type, class (and TTL and RDLENGTH) do
  rdata_beyond_end,  ///< RDLENGTH is more than what is left
  count_
};

/// "rdata ends beyond the message".
std::string_view text(RecordFault fault);

/// Goes over a message's records in order, up to the first that is broken; behind that nothing can be found. Only the
/// frame of a record is looked at: whether its names and its rdata can be read is seen by reading them.
/// Lifetime: the message's octets. Does not allocate.
class RecordWalk {
 public:
  /// `from`: the first section wanted. What lies before it is passed over.
  explicit RecordWalk(const Message& message, Section from = Section::question) noexcept;

  /// False at the end, and at the first broken record.
  bool next(Record& record) noexcept;

  RecordFault fault() const { return fault_; }
  Section section() const { return section_; }    ///< of the broken record
  std::uint16_t index() const { return index_; }  ///< of the broken record in its section, from 0
  std::size_t position() const { return at_; }    ///< of the broken record, or behind the last one

 private:
  bool read_frame(Record& record) noexcept;
  bool fail(RecordFault fault) noexcept;
  void enter(Section section) noexcept;
  std::uint16_t count(Section section) const noexcept;

  const Message* message_;
  std::size_t at_ = 0;
  Section section_ = Section::question;
  std::uint16_t index_ = 0, left_ = 0;
  RecordFault fault_ = RecordFault::none;
};

}  // namespace rata::dns
