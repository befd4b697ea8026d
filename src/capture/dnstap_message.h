#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "capture/envelope.h"
#include "util/time.h"

namespace rata::capture {

/// What one dnstap frame says. Lifetime: the frame's octets.
struct DnstapMessage {
  Envelope envelope;
  std::span<const std::uint8_t> octets;  ///< the DNS message that the frame reports; empty: see `envelope.content`
  std::optional<util::Time> time;        ///< of that message
};

/// Reads a "protobuf:dnstap.Dnstap" frame. A frame reports one message: the query for the *_QUERY types, the response
/// for the *_RESPONSE types, whatever else it carries. Pure: no state, no allocation.
/// Source: dnstap.proto, dnstap.info.
DnstapMessage read_dnstap(std::span<const std::uint8_t> frame) noexcept;

}  // namespace rata::capture
