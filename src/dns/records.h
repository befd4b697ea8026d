#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "dns/message.h"

namespace rata::dns {

struct Question {
  std::string qname;  ///< presentation form, case kept
  std::uint16_t qtype = 0, qclass = 0;
};

/// A resource record. Lifetime of `rdata`: the message's octets.
struct Record {
  std::string owner;  ///< presentation form, case kept
  std::uint16_t type = 0, rr_class = 0;
  std::uint32_t ttl = 0;
  std::span<const std::uint8_t> rdata;  ///< as on the wire, names in it compressed
  std::string name_in_rdata;            ///< NS: the name server; empty for other types or when it cannot be read
};

/// All sections of a message, for those who print whole messages; counting needs only `Message`.
struct Sections {
  std::vector<Question> questions;
  std::vector<Record> answers, authorities, additionals;  ///< OPT included
};

/// Reads all that can be read, in order, up to the first broken record.
Sections read_sections(const Message& message);

}  // namespace rata::dns
