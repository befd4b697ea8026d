#include "dns/response_kind.h"

#include <array>

namespace rata::dns {
namespace {

/// What the header alone says.
std::optional<ResponseKind> kind_of_header(const Message& message) noexcept {
  constexpr std::uint16_t noerror = 0, nxdomain = 3;
  if (message.opcode() != opcode_query) return ResponseKind::other_opcode;
  // RFC 6604 section 3: NXDOMAIN is about the end of a chain of aliases.
  if (message.rcode() == nxdomain) return ResponseKind::nxdomain;
  if (message.rcode() != noerror) return ResponseKind::error;
  if (message.truncated()) return ResponseKind::truncated;
  if (message.has_question()) return std::nullopt;
  // RFC 5936 section 2.2.1: later messages of a zone transfer need no question.
  return message.answer_count > 0 ? ResponseKind::answer : ResponseKind::no_question;
}

}  // namespace

std::string_view name(ResponseKind kind) {
  static constexpr std::array<std::string_view, static_cast<std::size_t>(ResponseKind::count_)> names = {
      "answer", "alias",     "referral",    "nodata",       "nxdomain",
      "error",  "truncated", "no_question", "other_opcode", "unclear"};
  return names[static_cast<std::size_t>(kind)];
}

KindFinder::KindFinder(const Message& message) noexcept : message_(&message), decided_(kind_of_header(message)) {}

/// QTYPEs of 251 to 255 (IXFR, AXFR, MAILB, MAILA, ANY) ask for records of other types.
bool KindFinder::answers(std::uint16_t type) const noexcept {
  return type == message_->qtype || (message_->qtype >= type_ixfr && message_->qtype <= type_any);
}

void KindFinder::add(const Record& record) noexcept {
  if (decided_) return;
  if (record.section == Section::answer) {
    if (answers(record.type)) decided_ = ResponseKind::answer;
    alias_ |= record.type == type_cname || record.type == type_dname;
  } else if (record.section == Section::authority) {
    // With a SOA record it is no referral, whatever stands beside it (RFC 2308 section 2.2).
    if (record.type == type_soa) decided_ = ResponseKind::nodata;
    name_servers_ |= record.type == type_ns;
  } else {
    decided_ = finish(false);
  }
}

ResponseKind KindFinder::finish(bool broken) const noexcept {
  if (decided_) return *decided_;
  if (broken) return ResponseKind::unclear;
  if (alias_) return ResponseKind::alias;
  return name_servers_ && !message_->authoritative() ? ResponseKind::referral : ResponseKind::nodata;
}

std::optional<ResponseKind> response_kind(const Message& message) noexcept {
  if (message.is_query()) return std::nullopt;
  KindFinder finder(message);
  if (finder.decided()) return finder.finish(false);
  RecordWalk walk(message, Section::answer);
  Record record;
  while (!finder.decided() && walk.next(record)) finder.add(record);
  return finder.finish(walk.fault() != RecordFault::none);
}

}  // namespace rata::dns
