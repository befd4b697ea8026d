#include "aggregate/numbered_rows.h"

namespace rata::aggregate {

NumberedRows::NumberedRows(StringPool& texts, const Rows& rows) : texts_(texts), rest_(rows.rest) {
  std::vector<std::string_view> keys, parts;
  keys.reserve(rows.cells.size());
  parts.reserve(rows.cells.size());
  for (const Rows::Cell& row : rows.cells) {
    keys.push_back(row.key);
    parts.push_back(row.part);
  }
  const std::vector<std::uint32_t> key_numbers = numbers(keys), part_numbers = numbers(parts);
  cells_.reserve(rows.cells.size());
  for (std::size_t i = 0; i < rows.cells.size(); ++i)
    cells_.push_back({key_numbers[i], part_numbers[i], rows.cells[i].count});

  keys.clear();
  for (const Rows::KeyRest& row : rows.key_rests) keys.push_back(row.key);
  const std::vector<std::uint32_t> rest_numbers = numbers(keys);
  key_rests_.reserve(rows.key_rests.size());
  for (std::size_t i = 0; i < rows.key_rests.size(); ++i)
    key_rests_.push_back({rest_numbers[i], rows.key_rests[i].parts, rows.key_rests[i].count});
}

NumberedRows::~NumberedRows() {
  for (const std::uint32_t id : held_) texts_.release(id);
}

std::vector<std::uint32_t> NumberedRows::numbers(std::span<const std::string_view> texts) {
  // Rows stand in the order of one of their dimensions: the same text comes many times in a row.
  std::vector<std::string_view> different;
  std::vector<std::uint32_t> which;
  which.reserve(texts.size());
  for (const std::string_view text : texts) {
    if (different.empty() || text != different.back()) different.push_back(text);
    which.push_back(static_cast<std::uint32_t>(different.size() - 1));
  }
  const std::size_t first = held_.size();
  texts_.intern_each(different, [this](std::size_t, StringPool::Interned text) {
    texts_.hold(text.id);
    held_.push_back(text.id);
  });
  for (std::uint32_t& place : which) place = held_[first + place];
  return which;
}

}  // namespace rata::aggregate
