#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "dns/records.h"

namespace rata::dns {

/// "ANSWER"; in an UPDATE the same place is the "PREREQUISITE" (RFC 2136 section 2).
std::string_view section_name(std::uint8_t opcode, Section section);

/// What a record of an UPDATE's prerequisite or update section asks for. Source: RFC 2136 sections 2.4 and 2.5.
enum class UpdateMeaning : std::uint8_t {
  rrset_exists,           ///< whatever its values
  rrset_exists_as_given,  ///< with these values
  rrset_absent,
  name_in_use,
  name_not_in_use,
  add,
  delete_rrset,
  delete_name,  ///< all its RRsets
  delete_record,
  invalid,  ///< its class, type, TTL and rdata fit no form
  none,     ///< of another section
  count_
};

/// "RRset does not exist".
std::string_view text(UpdateMeaning meaning);

/// `message`: an UPDATE; its question names the zone.
UpdateMeaning update_meaning(const Message& message, const Record& record) noexcept;

/// A part of a DSO message (RFC 8490 section 5.4.1). Lifetime: the message's octets.
struct DsoTlv {
  std::uint16_t type = 0;
  std::size_t at = 0;  ///< of its data in the message
  std::span<const std::uint8_t> data;
};

/// Goes over what a DSO message has in place of sections. With counts that are not zero, which RFC 8490 section 5.4
/// forbids, there is nothing to go over: the octets are records then.
class DsoWalk {
 public:
  explicit DsoWalk(const Message& message) noexcept;

  /// False at the end, and where the list breaks off.
  bool next(DsoTlv& tlv) noexcept;

  bool broken() const { return broken_; }
  std::size_t position() const { return at_; }  ///< of what breaks off, or the end

 private:
  std::span<const std::uint8_t> octets_;
  std::size_t at_;
  bool broken_ = false;
};

/// One of the header's counts is not zero.
bool has_records(const Message& message);

/// Appends "KEEPALIVE: inactivity timeout 15000 ms, keepalive interval 60000 ms". Source: RFC 8490, RFC 8765.
void append_dso(const DsoTlv& tlv, std::string& out);

/// Appends what the opcode makes of the whole message, in a sentence; nothing for QUERY.
void append_opcode_meaning(const Message& message, std::string& out);

}  // namespace rata::dns
