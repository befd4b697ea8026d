#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace rata::util {

/// What a source may not know of a message. A captured packet has them all; dnstap and Speedy JSON may leave any out.
enum class Member : std::uint8_t {
  time,
  source,
  dest,
  ports,
  transport,
  id,
  flags,
  queries,
  answers,
  authorities,
  additionals,
  edns,
  size,
  count_
};

/// The name in reports: that of Speedy JSON where it has one.
constexpr std::string_view name(Member member) {
  constexpr std::array<std::string_view, static_cast<std::size_t>(Member::count_)> names = {
      "time",    "source",  "dest",        "ports",       "transport", "id",  "flags",
      "queries", "answers", "authorities", "additionals", "edns",      "size"};
  return names[static_cast<std::size_t>(member)];
}

/// Counts by member.
using MemberCounts = std::array<std::uint64_t, static_cast<std::size_t>(Member::count_)>;

/// Some of them.
class MemberSet {
 public:
  constexpr MemberSet() = default;
  constexpr MemberSet(std::initializer_list<Member> members) {
    for (const Member member : members) add(member);
  }

  constexpr void add(Member member) { bits_ = static_cast<std::uint16_t>(bits_ | bit(member)); }
  constexpr void remove(Member member) { bits_ = static_cast<std::uint16_t>(bits_ & ~bit(member)); }
  constexpr bool has(Member member) const { return (bits_ & bit(member)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr MemberSet operator&(MemberSet other) const {
    MemberSet both;
    both.bits_ = bits_ & other.bits_;
    return both;
  }
  friend constexpr bool operator==(MemberSet, MemberSet) = default;

 private:
  static constexpr unsigned bit(Member member) { return 1u << static_cast<unsigned>(member); }
  std::uint16_t bits_ = 0;
};

}  // namespace rata::util
