#pragma once

#include <cstdint>
#include <string_view>

#include "util/address.h"
#include "util/members.h"
#include "util/transport.h"

namespace rata::capture {

/// What a source that hands over DNS messages rather than frames (dnstap, Speedy JSON) says about one, beside its
/// octets. What is in `lacks` has its default. Lifetime: until the source's next read.
struct Envelope {
  enum class Content : std::uint8_t {
    message,     ///< the frame's octets are one DNS message
    none,        ///< sound, but no DNS message in it
    unreadable,  ///< cannot be read as what it claims to be
  };

  util::Address source, destination;  ///< who sent this message and who got it, whichever of them asked
  /// Addresses that are no addresses any more: hashed or otherwise made anonymous, kept as they came. `source` and
  /// `destination` then hold something that is equal when these are.
  std::string_view source_text, destination_text;
  std::uint16_t source_port = 0, destination_port = 0;
  util::Transport transport = util::Transport::udp;
  util::MemberSet lacks;
  Content content = Content::message;
};

}  // namespace rata::capture
