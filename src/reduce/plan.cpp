#include "reduce/plan.h"

#include <fmt/format.h>

#include <algorithm>

#include "util/nearest.h"

namespace rata::reduce {
namespace {

template <typename Row>
std::string no_such(std::string_view kind, std::string_view name, std::span<const Row> rows) {
  std::vector<std::string> names;
  for (const Row& row : rows) names.emplace_back(row.name);
  return util::no_such(kind, name, names);
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string_view::npos ? "" : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

}  // namespace

std::size_t Plan::selection(const std::vector<ConditionUse>& where) {
  if (where.empty()) return place({});
  std::size_t number = Selection::every_packet;
  for (const ConditionUse& use : where) number = place({.among = number, .use = use});
  return number;
}

std::size_t Plan::place(const Selection& selection) {
  const auto found = std::ranges::find(selections_, selection);
  if (found == selections_.end()) return selections_.push_back(selection), selections_.size() - 1;
  return static_cast<std::size_t>(found - selections_.begin());
}

std::size_t Plan::column(std::vector<Column>& columns, const DimensionUse& use, std::size_t selection) const {
  const auto found = std::ranges::find(columns, use, &Column::use);
  if (found == columns.end()) return columns.push_back({use, selection}), columns.size() - 1;
  const std::vector<std::size_t> one = path_to(found->among), other = path_to(selection);
  const auto part = std::ranges::mismatch(one, other).in1;
  found->among = part == one.begin() ? Selection::every_packet : part[-1];
  return static_cast<std::size_t>(found - columns.begin());
}

/// The selections that one is chosen from, the widest first, itself last.
std::vector<std::size_t> Plan::path_to(std::size_t selection) const {
  std::vector<std::size_t> path;
  for (; selection != Selection::every_packet; selection = selections_[selection].among) path.push_back(selection);
  std::ranges::reverse(path);
  return path;
}

util::Result<DimensionUse> read_dimension(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const Dimension* dimension = find_dimension(name);
  if (dimension == nullptr) return util::Error{no_such("dimension", name, dimensions())};
  DimensionUse use{dimension, dimension->default_argument};
  if (colon == std::string_view::npos) return use;
  if (dimension->read_argument == nullptr)
    return util::Error{fmt::format("\"{}\": nothing may stand behind {}", text, name)};
  const auto argument = dimension->read_argument(text.substr(colon + 1));
  if (!argument) return util::Error{fmt::format("\"{}\": behind \"{}:\" stands {}", text, name, dimension->argument)};
  use.argument = *argument;
  return use;
}

util::Result<ConditionUse> read_condition(std::string_view text) {
  constexpr std::string_view negation = "not ";
  ConditionUse use;
  std::string_view name = without_blanks(text);
  use.negated = name.starts_with(negation);
  if (use.negated) name = without_blanks(name.substr(negation.size()));
  use.condition = find_condition(name);
  if (use.condition == nullptr)
    return util::Error{no_such("condition", name, conditions()) + "; \"not\" may stand before each: \"not tcp\""};
  return use;
}

bool Plan::pairs() const {
  const auto asks = [](const Column& column) { return column.use.dimension->pairs; };
  return std::ranges::any_of(codes_, asks) || std::ranges::any_of(keys_, asks);
}

bool Plan::wants(Knowledge knowledge) const {
  const auto asks = [knowledge](const Column& column) { return column.use.dimension->knowledge == knowledge; };
  return std::ranges::any_of(codes_, asks) || std::ranges::any_of(keys_, asks);
}

}  // namespace rata::reduce
