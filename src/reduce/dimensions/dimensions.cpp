#include <fmt/format.h>

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "reduce/dimensions/columns.h"

namespace rata::reduce {
namespace {

template <typename Row>
std::vector<Row> joined(std::initializer_list<std::span<const Row>> tables) {
  std::vector<Row> rows;
  for (const std::span<const Row> table : tables) rows.insert(rows.end(), table.begin(), table.end());
  return rows;
}

template <typename Row>
const Row* find(std::span<const Row> rows, std::string_view name) {
  const auto found = std::ranges::find(rows, name, &Row::name);
  return found == rows.end() ? nullptr : &*found;
}

}  // namespace

std::string hexadecimal(std::uint32_t code, const Look&) { return fmt::format("{:x}", code); }

std::string range_text(std::uint64_t first, std::uint64_t last) {
  return first == last ? std::to_string(first) : fmt::format("{}-{}", first, last);
}

std::string bucket_text(std::uint32_t bucket, const Look& look) {
  const std::uint32_t first = bucket * look.argument;
  return range_text(first, std::min(first + look.argument - 1, 65'535u));
}

std::span<const Dimension> dimensions() {
  static const std::vector<Dimension> all = joined<Dimension>(
      {name_dimensions(), header_dimensions(), party_dimensions(), place_dimensions(), transport_dimensions(),
       edns_dimensions(), edns_option_dimensions(), response_time_dimensions()});
  return all;
}
const Dimension* find_dimension(std::string_view name) { return find(dimensions(), name); }

std::span<const Condition> conditions() {
  static const std::vector<Condition> all = joined<Condition>(
      {header_conditions(), transport_conditions(), edns_conditions(), edns_option_conditions(), name_conditions()});
  return all;
}
const Condition* find_condition(std::string_view name) { return find(conditions(), name); }

}  // namespace rata::reduce
