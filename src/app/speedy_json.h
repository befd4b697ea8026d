#pragma once

#include <string>
#include <vector>

#include "reduce/packet.h"

namespace rata::app {

/// Which members a record has beside id and flags.
struct SpeedyFields {
  bool addresses = true, queries = true, answers = true, authorities = true, additionals = true;

  static const std::vector<std::string>& names();
  /// `chosen`: some of `names()`.
  static SpeedyFields from(const std::vector<std::string>& chosen);
};

/// Appends a message as the older serializer has it: the length of a JSON object in octets, then the object. What the
/// source did not say is left out; records end at the first that cannot be read. Always ASCII but for addresses that
/// came as other text.
void append_speedy(const reduce::Packet& packet, const SpeedyFields& fields, std::string& out);

}  // namespace rata::app
