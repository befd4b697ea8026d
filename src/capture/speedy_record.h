#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture/envelope.h"

namespace rata::capture {

/// Makes of one record of Speedy JSON the DNS message that it tells of: header, questions and records in wire form,
/// names without compression. Every member may be left out; what is not there is named in the envelope's `lacks`.
class SpeedyRecord {
 public:
  enum class Result {
    message,
    refused,     ///< sound JSON, but something in it cannot be put into a message
    broken_json  ///< so its length cannot be trusted either
  };

  /// What the wire form of a record may have at most; larger ones are refused.
  static constexpr std::size_t max_wire_octets = 1024 * 1024;
  /// An address that is no address any more may have this much text.
  static constexpr std::size_t max_address_octets = 200;
  /// What `read` may append before it knows that a record is refused: a name beyond the largest message, too.
  static constexpr std::size_t record_room = max_wire_octets + 2 * max_address_octets + 1024;

  SpeedyRecord();
  ~SpeedyRecord();

  /// `json`: the object from brace to brace; behind it RecordBuffer::padding_octets may be read. Appends to `wire` at
  /// most max_wire_octets and two addresses, to which the envelope's texts point: it must not have to grow, and has
  /// `record_room` left.
  Result read(std::span<const std::uint8_t> json, std::vector<std::uint8_t>& wire, Envelope& envelope,
              std::size_t& message_octets);
  const std::string& reason() const { return reason_; }  ///< why not, a part of a sentence

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::string reason_;
};

}  // namespace rata::capture
