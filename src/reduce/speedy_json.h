#pragma once

#include <string>
#include <vector>

#include "reduce/packet.h"

namespace rata::reduce {

/// Which members a record has beside id and flags.
struct SpeedyFields {
  bool addresses = true, queries = true, answers = true, authorities = true, additionals = true;

  static const std::vector<std::string>& names();
  /// `chosen`: some of `names()`.
  static SpeedyFields from(const std::vector<std::string>& chosen);
};

/// Appends a message as the older serializer has it: the length of a JSON object in octets, then the object. What the
/// source did not say is left out, and so are the sections behind a broken record; one without records is an empty
/// list. Always ASCII but for addresses that came as other text. False when records are missing that a walk finds: they
/// end at the first whose owner name cannot be read.
bool append_speedy(const Packet& packet, const SpeedyFields& fields, std::string& out);

/// The same without the length.
bool append_speedy_object(const Packet& packet, const SpeedyFields& fields, std::string& out);

}  // namespace rata::reduce
