#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace rata::dns {

/// One option of an OPT record (RFC 6891 section 6.1.2). Lifetime: the message's octets.
struct EdnsOption {
  std::uint16_t code = 0;
  std::span<const std::uint8_t> data;
};

inline constexpr std::uint16_t option_ede = 15;

/// Goes over the options in the rdata of an OPT record without allocating.
class OptionWalk {
 public:
  explicit OptionWalk(std::span<const std::uint8_t> options) noexcept : left_(options) {}

  /// False at the end, and where the list breaks off.
  bool next(EdnsOption& option) noexcept;

  /// An option's length is more than what is left, or fewer than four octets are.
  bool broken() const { return broken_; }
  /// Of the octets that are no option.
  std::size_t octets_left() const { return left_.size(); }

 private:
  std::span<const std::uint8_t> left_;
  bool broken_ = false;
};

/// "NSID", "COOKIE"; "OPT65001" for a code that has no name here.
std::string edns_option_text(std::uint16_t code);

/// "Stale Answer"; "" for a code that IANA has not named. Source: IANA, Extended DNS Error Codes.
std::string_view ede_text(std::uint16_t info_code);

/// Appends what an option says: "NSID: 6e7331 \"ns1\"", "ECS: 192.0.2.0/24/0". Data that break the rules of their
/// option are shown in hexadecimal, with the rule: "ECS: 0001 (shorter than four octets)".
/// `response`: some options mean another thing in one.
void append_option(const EdnsOption& option, bool response, std::string& out);

}  // namespace rata::dns
