#pragma once

#include <cstdint>
#include <string_view>

#include "dns/message.h"
#include "util/address.h"
#include "util/members.h"
#include "util/time.h"

namespace rata::reduce {

/// A message that cannot be read, with what is known of it all the same. Lifetime: until `add_malformed` returns.
struct MalformedMessage {
  dns::Malformed reason = dns::Malformed::none;
  util::Address source;
  std::string_view source_text;  ///< as Packet::client_text
  util::MemberSet lacks;
  util::Time time;
  std::uint64_t ordinal = 0;
  std::size_t octets = 0;
  bool query = true;  ///< by the QR bit; where that is cut off, by the port that it goes to
};

}  // namespace rata::reduce
