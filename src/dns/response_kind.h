#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "dns/records.h"

namespace rata::dns {

/// What a response says. Source: RFC 2308 sections 1 and 2, RFC 9499 section 4 (referral).
enum class ResponseKind : std::uint8_t {
  answer,        ///< holds a record of the type that was asked for
  alias,         ///< holds a CNAME or DNAME, and neither such a record nor a word that there is none: to be followed
  referral,      ///< names servers of a zone below, and is not authoritative
  nodata,        ///< the name exists, perhaps, but not the type
  nxdomain,      ///< the name does not exist
  error,         ///< any other RCODE
  truncated,     ///< to be asked for again over TCP (RFC 2181 section 9)
  no_question,   ///< NOERROR without question or answer: nothing was asked for (RFC 7873 section 5.4)
  other_opcode,  ///< no answer to a QUERY: UPDATE, NOTIFY, DSO...
  unclear,       ///< a broken record stands before what would tell
  count_
};

/// "nodata": the name in reports.
std::string_view name(ResponseKind kind);

/// Finds out the kind of a response from its header and its records, of which it takes as few as will do.
class KindFinder {
 public:
  explicit KindFinder(const Message& message) noexcept;

  /// No record can change the kind any more.
  bool decided() const { return decided_.has_value(); }
  /// A record of the answer or a later section, in order.
  void add(const Record& record) noexcept;
  /// `broken`: the records ended at a broken one.
  ResponseKind finish(bool broken) const noexcept;

 private:
  bool answers(std::uint16_t type) const noexcept;

  const Message* message_;
  std::optional<ResponseKind> decided_;
  bool alias_ = false, name_servers_ = false;
};

/// Of a response. Queries have no kind: nullopt.
std::optional<ResponseKind> response_kind(const Message& message) noexcept;

}  // namespace rata::dns
