#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rata::dns::tests {

using Octets = std::vector<std::uint8_t>;

inline Octets operator+(Octets left, const Octets& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

/// "0a1b 2c": two digits an octet, blanks between as one likes.
Octets hex(std::string_view digits);
Octets text(std::string_view letters);
/// "a.example" uncompressed, with the root label.
Octets name(std::string_view dotted);
/// With its length in an octet before it.
Octets counted(const Octets& octets);
Octets u16(unsigned value);
Octets u32(std::uint32_t value);
Octets header(std::uint16_t flags, unsigned questions, unsigned answers = 0, unsigned authorities = 0,
              unsigned additionals = 0, unsigned id = 1);
Octets question(std::string_view dotted, unsigned type, unsigned rr_class = 1);
/// `owner`: in wire form, perhaps a pointer.
Octets record(const Octets& owner, unsigned type, const Octets& rdata, unsigned rr_class = 1, std::uint32_t ttl = 60);
/// An OPT record without flags.
Octets opt(const Octets& options);
Octets option(unsigned code, const Octets& data);

/// A pointer to the name of the first question.
inline const Octets to_question = {0xc0, 12};

/// Rdata and how they read. Names in them may point to the question "example." at octet 12.
struct RdataSample {
  unsigned type;
  Octets rdata;
  std::string text;
};

/// At least one of every type that has a layout.
const std::vector<RdataSample>& readable_rdata();

/// An option of a response and how it reads.
struct OptionSample {
  unsigned code;
  Octets data;
  std::string text;
};

/// At least one of every option that is known.
const std::vector<OptionSample>& readable_options();

/// Valid messages that hold all of these, and all opcodes.
std::vector<Octets> valid_messages();

}  // namespace rata::dns::tests
