#include "dns/records.h"

#include <array>

#include "dns/name.h"
#include "util/cursor.h"

namespace rata::dns {
namespace {

constexpr std::size_t header_octets = 12;
constexpr std::size_t question_octets = 4;  // type, class
constexpr std::size_t record_octets = 10;   // type, class, TTL, RDLENGTH

}  // namespace

std::string_view text(RecordFault fault) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(RecordFault::count_)> texts = {
      "can be read",
      "the message ends before it",
      "the owner name ends beyond the message",
      "the owner name has a label type that is not in use",
      "the message ends between the owner name and rdata",
      "rdata ends beyond the message"};
  return texts[static_cast<std::size_t>(fault)];
}

RecordWalk::RecordWalk(const Message& message, Section from) noexcept : message_(&message), at_(header_octets) {
  enter(Section::question);
  // The first question has been read: most messages have no other.
  if (from != Section::question && message.has_question()) {
    at_ += message.qname.size() + question_octets;
    index_ = 1;
    --left_;
  }
  Record passed;
  while (section_ < from) {
    if (left_ == 0)
      enter(static_cast<Section>(static_cast<int>(section_) + 1));
    else if (!read_frame(passed))
      return;
  }
}

std::uint16_t RecordWalk::count(Section section) const noexcept {
  switch (section) {
    case Section::question:
      return message_->question_count;
    case Section::answer:
      return message_->answer_count;
    case Section::authority:
      return message_->authority_count;
    default:
      return message_->additional_count;
  }
}

void RecordWalk::enter(Section section) noexcept {
  section_ = section;
  index_ = 0;
  left_ = count(section);
}

bool RecordWalk::next(Record& record) noexcept {
  if (fault_ != RecordFault::none) return false;
  while (left_ == 0) {
    if (section_ == Section::additional) return false;
    enter(static_cast<Section>(static_cast<int>(section_) + 1));
  }
  return read_frame(record);
}

bool RecordWalk::read_frame(Record& record) noexcept {
  const auto octets = message_->octets;
  std::size_t at = at_;
  if (at >= octets.size()) return fail(RecordFault::missing);
  if (const NameFault fault = skip_name(octets, at); fault != NameFault::none)
    return fail(fault == NameFault::cut ? RecordFault::cut_owner : RecordFault::bad_label_type);
  const bool question = section_ == Section::question;
  if (octets.size() - at < (question ? question_octets : record_octets)) return fail(RecordFault::cut_fixed_part);
  util::Cursor fixed(octets.subspan(at));
  record.type = fixed.u16();
  record.rr_class = fixed.u16();
  record.ttl = question ? 0 : fixed.u32();
  const std::uint16_t rdlength = question ? std::uint16_t{0} : fixed.u16();
  if (rdlength > fixed.remaining()) return fail(RecordFault::rdata_beyond_end);
  record.section = section_;
  record.index = index_;
  record.owner_at = at_;
  record.rdata_at = at + fixed.position();
  record.rdata = fixed.take(rdlength);
  at_ = record.rdata_at + rdlength;
  ++index_;
  --left_;
  return true;
}

bool RecordWalk::fail(RecordFault fault) noexcept {
  fault_ = fault;
  return false;
}

}  // namespace rata::dns
