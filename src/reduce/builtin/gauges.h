#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>

#include "reduce/batch.h"
#include "reduce/plan.h"
#include "summary/summary.h"
#include "util/hash.h"
#include "util/result.h"

namespace rata::reduce {

/// What is said of each key, as a configuration asks for it: "count", "octets", "distinct:client",
/// "quantiles:message_size", "top:qname:10".
struct Gauge {
  enum class Kind { count, octets, distinct, quantiles, top };
  Kind kind = Kind::count;
  std::string text;  ///< as it was asked for
  DimensionUse use;  ///< of the last three
  std::size_t column = 0;
  std::uint64_t n = 0;  ///< of `top`: how many are shown

  /// Errors: what `text` says is nothing that can be measured.
  static util::Result<Gauge> read(const std::string& text);
  /// What has to be known of a packet.
  Needs needs() const;
  void join(Plan& plan, std::size_t selection);

 private:
  util::Result<void> look_at_numbers(std::string_view written);
};

/// The values that one key of a table had most, in bounded room: past it the smaller half goes, and what a value may
/// lack is known.
class TopCounter {
 public:
  explicit TopCounter(std::uint64_t n = 0);

  void add(std::string value, std::uint64_t count = 1);
  void absorb(TopCounter&& other);
  /// Any value may have been there that many times more.
  void lacks(std::uint64_t messages) { error_ += messages; }
  /// `text`: of a value.
  template <typename Text>
  summary::Top top(const Text& text) const {
    summary::Top top{.limit = n_, .absent = error_};
    std::unordered_map<std::string, std::uint64_t, util::KeyedHash> by_text;  // different values may have one text
    for (const auto& [value, count] : counts_) by_text[text(value)] += count;
    top.entries.reserve(by_text.size());
    for (const auto& [name, count] : by_text) top.entries.push_back({name, count, error_});
    std::ranges::sort(top.entries, {}, &summary::Top::Entry::name);
    return top;
  }
  std::size_t octets() const { return octets_; }

 private:
  /// A node of the table and its place, with the allocator's own; what is short lies in the node.
  static std::size_t octets_of(const std::string& value) { return 72 + (value.size() > 15 ? 17 + value.size() : 0); }
  void drop_smaller_half();

  std::uint64_t n_;
  std::size_t limit_, octets_ = 0;
  std::uint64_t error_ = 0;
  std::unordered_map<std::string, std::uint64_t, util::KeyedHash> counts_;
};

/// What has been measured of one key.
using Measured = std::variant<std::uint64_t, summary::Distinct, summary::Quantiles, TopCounter>;

Measured nothing_measured(const Gauge& gauge);
void measure(const Gauge& gauge, Batch& batch, std::size_t packet, Measured& into);
void absorb(Measured& into, Measured&& from);
/// So many messages of its key may be missing here: where a bound is kept, it has to say so.
void lacks(Measured& measured, std::uint64_t messages);
std::size_t octets_of(const Measured& measured);
/// The sketch itself goes along: nothing is copied.
summary::Measure shown(const Gauge& gauge, Measured&& measured, const Context& context);

}  // namespace rata::reduce
