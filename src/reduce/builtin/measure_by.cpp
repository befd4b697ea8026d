#include "reduce/builtin/measure_by.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>
#include <unordered_map>
#include <utility>

namespace rata::reduce {
namespace {

struct Cell {
  std::uint64_t count = 0;
  std::vector<Measured> values;
};

/// Cells by key, in bounded room: past it the half with the smaller counts goes, sketches and all; its messages are
/// summed up, and what any key may lack of its count is known. A key that is new may be one that went: its tops may
/// lack as much from the beginning.
class CellTable final : public Bounded {
 public:
  CellTable(std::size_t limit, Budget* budget) : own_limit_(limit), limit_(limit), budget_(budget) {
    if (budget_ != nullptr) budget_->join(*this);
  }
  ~CellTable() {
    if (budget_ == nullptr) return;
    budget_->release(octets_);
    budget_->leave(*this);
  }
  CellTable(const CellTable&) = delete;
  CellTable& operator=(const CellTable&) = delete;

  /// The cell of `key`. Others may have to go for it.
  Cell& at(std::string key, const std::vector<Gauge>& gauges) {
    if (const auto known = cells_.find(key); known != cells_.end()) return known->second;
    if (cells_.size() >= limit_) drop_smaller_half();
    Cell fresh;
    for (const Gauge& gauge : gauges) fresh.values.push_back(nothing_measured(gauge));
    lacks(fresh, error_);
    grow(cell_octets(key, fresh), 0);
    return cells_.emplace(std::move(key), std::move(fresh)).first->second;
  }

  /// What a part of a cell took before, and takes now.
  void grow(std::size_t now, std::size_t before) {
    octets_ += now - before;
    if (budget_ == nullptr) return;
    budget_->charge(now);
    budget_->release(before);
  }

  /// Room for both: nothing has to go here.
  void absorb(CellTable& other) {
    limit_ += other.limit_;
    if (other.error_ > 0)
      for (auto& [key, cell] : cells_)
        if (!other.cells_.contains(key)) lacks(cell, other.error_);
    for (auto& [key, cell] : other.cells_) {
      const auto [place, is_new] = cells_.try_emplace(key);
      const std::size_t before = is_new ? 0 : cell_octets(key, place->second);
      if (is_new) {
        lacks(cell, error_);
        place->second = std::move(cell);
      } else {
        add_up(place->second, std::move(cell));
      }
      grow(cell_octets(key, place->second), before);
    }
    rest_.keys += other.rest_.keys;
    rest_.count += other.rest_.count;
    error_ += other.error_;
    other.clear();
  }

  const auto& cells() const { return cells_; }
  /// To be taken out, after which only `clear` makes sense.
  auto& cells() { return cells_; }
  const summary::RestRow& rest() const { return rest_; }
  std::uint64_t error() const { return error_; }

  void clear() {
    cells_.clear();
    rest_ = {};
    error_ = 0;
    limit_ = own_limit_;
    grow(0, octets_);
  }

  std::size_t octets() const override { return octets_; }
  /// New cells are taken to be as large as those that are there.
  std::size_t octets_soon() const override {
    return cells_.empty() ? octets_ : octets_ + octets_ / cells_.size() * std::min(cells_.size(), settle_packets);
  }

  void drop_smaller_half() override {
    if (cells_.empty()) return;
    std::vector<std::uint64_t> counts;
    for (const auto& [key, cell] : cells_) counts.push_back(cell.count);
    const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
    std::nth_element(counts.begin(), middle, counts.end());
    error_ += *middle;
    std::erase_if(cells_, [&, threshold = *middle](const auto& item) {
      if (item.second.count > threshold) return false;
      ++rest_.keys;
      rest_.count += item.second.count;
      grow(0, cell_octets(item.first, item.second));
      return true;
    });
  }

 private:
  static std::size_t cell_octets(const std::string& key, const Cell& cell) {
    constexpr std::size_t node_octets = 64;
    std::size_t octets = node_octets + sizeof(std::string) + key.size() + sizeof cell;
    for (const Measured& value : cell.values) octets += octets_of(value);
    return octets;
  }

  static void lacks(Cell& cell, std::uint64_t messages) {
    for (Measured& value : cell.values) reduce::lacks(value, messages);
  }

  static void add_up(Cell& into, Cell&& from) {
    into.count += from.count;
    for (std::size_t i = 0; i < into.values.size(); ++i) reduce::absorb(into.values[i], std::move(from.values[i]));
  }

  std::size_t own_limit_, limit_, octets_ = 0;
  Budget* budget_;
  std::unordered_map<std::string, Cell, util::KeyedHash> cells_;
  summary::RestRow rest_;
  std::uint64_t error_ = 0;
};

void add_rest(summary::Counts& counts, summary::RestRow rest) {
  if (counts.rest.empty() || !counts.rest.front().prefix.empty()) {
    counts.rest.insert(counts.rest.begin(), std::move(rest));
    return;
  }
  counts.rest.front().keys += rest.keys;
  counts.rest.front().count += rest.count;
  counts.rest.front().most += rest.most;
}

/// Of rows that together take more memory, those with most messages stay, one at least; the others are summed up.
void cut(summary::Measures& measures, std::size_t limit_octets) {
  std::vector<summary::CountRow>& rows = measures.counts.rows;
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::ranges::greater(), [&](std::size_t row) { return rows[row].count; });
  std::vector<bool> stays(rows.size());
  std::size_t octets = 0, kept = 0;
  summary::RestRow rest;
  for (const std::size_t row : order) {
    octets += summary::row_octets(measures, row);
    stays[row] = row == order.front() || (rest.keys == 0 && octets <= limit_octets);
    if (stays[row]) continue;
    ++rest.keys;
    rest.count += rows[row].count;
    rest.most = std::max(rest.most, rows[row].count);
  }
  if (rest.keys == 0) return;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    if (!stays[row]) continue;
    std::swap(rows[kept], rows[row]);
    std::swap(measures.values[kept++], measures.values[row]);
  }
  rows.resize(kept);
  measures.values.resize(kept);
  add_rest(measures.counts, std::move(rest));
}

class MeasureBy final : public Reducer {
 public:
  MeasureBy(Selector selector, KeyMaker keys, RowRules rules, std::vector<Gauge> gauges, std::size_t cells,
            Surroundings& around)
      : context_(around.context),
        selector_(std::move(selector)),
        keys_(std::move(keys)),
        rules_(std::move(rules)),
        gauges_(std::move(gauges)),
        table_(cells, around.budget) {}

  void add(Batch& batch) noexcept override {
    const auto packets = selector_.choose(batch, lacking());
    if (packets.empty()) return;
    keys_.start(batch);
    KeyMaker::Made made;
    for (const std::uint16_t packet : packets)
      if (keys_.make_octets(packet, room_.data(), made)) add(batch, packet, made.octets);
  }

  void absorb(Reducer& sibling) override { table_.absorb(static_cast<MeasureBy&>(sibling).table_); }

  summary::Data take(double) override {
    summary::Measures measures{.counts = counts()};
    for (const Gauge& gauge : gauges_) measures.names.push_back(gauge.text);
    std::vector<std::vector<Measured>> values = values_of(measures.counts.rows);
    table_.clear();
    measures.values.reserve(values.size());
    for (std::vector<Measured>& of_row : values) measures.values.push_back(shown_values(std::exchange(of_row, {})));
    cut(measures, most_octets());
    return measures;
  }

 private:
  void add(Batch& batch, std::size_t packet, Octets key) {
    Cell& cell = table_.at(std::string(key.begin(), key.end()), gauges_);
    ++cell.count;
    for (std::size_t i = 0; i < gauges_.size(); ++i) {
      const std::size_t before = octets_of(cell.values[i]);
      measure(gauges_[i], batch, packet, cell.values[i]);
      table_.grow(octets_of(cell.values[i]), before);
    }
  }

  static Octets octets(const std::string& key) {
    return {reinterpret_cast<const std::uint8_t*>(key.data()), key.size()};
  }

  summary::Counts counts() const {
    summary::Counts counts;
    for (const DimensionUse& use : keys_.uses()) counts.by.emplace_back(use.dimension->name);
    if (table_.rest().count > 0) counts.rest.push_back(table_.rest());
    counts.error = table_.error();
    std::vector<RowMaker::Cell> cells;
    for (const auto& [key, cell] : table_.cells()) cells.push_back({octets(key), cell.count});
    RowMaker(keys_, rules_, context_).make(cells, counts);
    return counts;
  }

  summary::Keys texts_of(const std::string& key) const {
    Octets left = octets(key);
    summary::Keys texts;
    for (std::size_t depth = 0; depth < keys_.uses().size(); ++depth)
      texts.push_back(keys_.text(keys_.take_part(left, depth), depth, context_, rules_.older));
    return texts;
  }

  /// Takes the values out of the table, for each row those of its key. Different keys may have one text.
  std::vector<std::vector<Measured>> values_of(const std::vector<summary::CountRow>& rows) {
    std::vector<std::vector<Measured>> values(rows.size());
    for (auto& [key, cell] : table_.cells()) {
      const summary::Keys texts = texts_of(key);
      const auto row = std::ranges::lower_bound(rows, texts, {}, &summary::CountRow::keys);
      if (row == rows.end() || row->keys != texts) continue;  // a limit cut it off
      std::vector<Measured>& of_row = values[static_cast<std::size_t>(row - rows.begin())];
      if (of_row.empty()) {
        of_row = std::move(cell.values);
        continue;
      }
      for (std::size_t i = 0; i < gauges_.size(); ++i) reduce::absorb(of_row[i], std::move(cell.values[i]));
    }
    return values;
  }

  std::vector<summary::Measure> shown_values(std::vector<Measured> values) const {
    std::vector<summary::Measure> made;
    made.reserve(gauges_.size());
    for (std::size_t i = 0; i < gauges_.size(); ++i)
      made.push_back(shown(gauges_[i], values.empty() ? nothing_measured(gauges_[i]) : std::move(values[i]), context_));
    return made;
  }

  /// Of all rows together: what as many rows as a result may have take when they hold nothing but a count.
  std::size_t most_octets() const {
    constexpr std::size_t row_octets = 128;
    return std::min(context_.most_rows, SIZE_MAX / row_octets) * row_octets;
  }

  const Context& context_;
  Selector selector_;
  KeyMaker keys_;
  RowRules rules_;
  std::vector<Gauge> gauges_;
  CellTable table_;
  std::array<std::uint8_t, KeyMaker::max_octets> room_;
};

}  // namespace

std::unique_ptr<Reducer> make_measure_by(Selector selector, KeyMaker keys, RowRules rules, std::vector<Gauge> gauges,
                                         std::size_t cells, Surroundings& around) {
  return std::make_unique<MeasureBy>(std::move(selector), std::move(keys), std::move(rules), std::move(gauges), cells,
                                     around);
}

}  // namespace rata::reduce
