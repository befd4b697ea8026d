#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "dns/message.h"
#include "dns/response_kind.h"
#include "util/members.h"

namespace rata::reduce {

/// Counters by a code of 16 bits. Nearly all codes in use are small and have a place of their own; the others, at most
/// 65536 of them, take room when they come.
class CodeCounts {
 public:
  void add(std::uint16_t code, std::uint64_t count = 1) {
    if (code < low_.size())
      low_[code] += count;
    else
      high_[code] += count;
  }
  CodeCounts& operator+=(const CodeCounts& other);

  struct Row {
    std::uint16_t code;
    std::uint64_t count;
  };
  /// Those that are not zero, ascending by code.
  std::vector<Row> rows() const;

 private:
  std::array<std::uint64_t, 512> low_{};
  std::map<std::uint16_t, std::uint64_t> high_;
};

/// What lies deeper in messages than header, question and OPT.
struct Contents {
  CodeCounts qdcount_not_1;  ///< messages by QDCOUNT where that is not one
  CodeCounts edns_options;   ///< options by code
  CodeCounts ede;            ///< extended errors by info code (RFC 8914)
  CodeCounts rr_types;       ///< records of all sections but OPT, by type; up to the first broken one
  std::array<std::uint64_t, static_cast<std::size_t>(dns::ResponseKind::count_)> kinds{};  ///< responses

  /// `lacks`: what the source did not say and is not counted either way.
  void add(const dns::Message& message, util::MemberSet lacks = {});
  Contents& operator+=(const Contents& other);

 private:
  void add_options(const dns::Message& message);
  void add_records(const dns::Message& message, util::MemberSet lacks);
};

}  // namespace rata::reduce
