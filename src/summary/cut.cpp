#include "summary/cut.h"

#include <algorithm>
#include <functional>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace rata::summary {
namespace {

/// Rows and rests below some prefix, all with its keys in front; both ascending.
struct Branch {
  std::size_t first_row = 0, last_row = 0;
  std::span<RestRow> rests;
};

/// Cuts one table. Which rows stay is decided first; then the tree of keys is walked, and what has nothing left below
/// it goes as a whole.
class Cut {
 public:
  Cut(Counts& counts, std::size_t rows) : counts_(counts), rows_(rows), stays_(counts.rows.size()) {
    std::ranges::stable_sort(counts_.rest, {}, &RestRow::prefix);
  }

  /// One for each row: whether it stays. Empty: there is nothing to cut.
  std::vector<bool> run() {
    if (counts_.by.empty()) return {};
    Branch all{.first_row = 0, .last_row = counts_.rows.size(), .rests = counts_.rest};
    std::vector<Branch> groups = groups_of(all, 0);
    if (is_within(groups)) return {};
    choose(groups);
    walk(all, 0, {});
    apply();
    return std::move(stays_);
  }

 private:
  static constexpr std::size_t rows_below_all = 5;

  bool is_within(const std::vector<Branch>& groups) const {
    const auto has_few = [&](const Branch& group) { return group.last_row - group.first_row <= rows_; };
    return groups.size() <= rows_ && counts_.rows.size() <= rows_below_all * rows_ &&
           std::ranges::all_of(groups, has_few);
  }

  /// The branches below one whose prefix has `depth` keys, each with another next key; rests at the prefix itself left
  /// out.
  std::vector<Branch> groups_of(Branch branch, std::size_t depth) {
    while (!branch.rests.empty() && branch.rests.front().prefix.size() == depth) branch.rests = branch.rests.subspan(1);
    std::vector<Branch> groups;
    while (branch.first_row < branch.last_row || !branch.rests.empty()) {
      const std::string_view key = next_key(branch, depth);
      Branch& group = groups.emplace_back();
      group.first_row = branch.first_row;
      while (branch.first_row < branch.last_row && counts_.rows[branch.first_row].keys[depth] == key)
        ++branch.first_row;
      group.last_row = branch.first_row;
      const auto end =
          std::ranges::find_if(branch.rests, [&](const RestRow& rest) { return rest.prefix[depth] != key; });
      const auto size = static_cast<std::size_t>(end - branch.rests.begin());
      group.rests = branch.rests.first(size);
      branch.rests = branch.rests.subspan(size);
    }
    return groups;
  }

  std::string_view next_key(const Branch& branch, std::size_t depth) const {
    if (branch.first_row == branch.last_row) return branch.rests.front().prefix[depth];
    const std::string_view row = counts_.rows[branch.first_row].keys[depth];
    return branch.rests.empty() ? row : std::min(row, branch.rests.front().prefix[depth]);
  }

  std::uint64_t total(const Branch& branch) const {
    std::uint64_t total = 0;
    for (std::size_t row = branch.first_row; row < branch.last_row; ++row) total += counts_.rows[row].count;
    for (const RestRow& rest : branch.rests) total += rest.count;
    return total;
  }

  /// What any key in the branch may have.
  std::uint64_t most(const Branch& branch) const {
    std::uint64_t largest = 0, rests = 0;
    for (std::size_t row = branch.first_row; row < branch.last_row; ++row)
      largest = std::max(largest, counts_.rows[row].count);
    for (const RestRow& rest : branch.rests) rests += rest.most;
    return std::max(total(branch), largest + rests);
  }

  /// The largest of `order` go to the front; of equal ones they stay as they were.
  template <typename Item, typename Size>
  static void largest_first(std::vector<Item>& order, Size size) {
    std::ranges::stable_sort(order, std::ranges::greater(), size);
  }

  auto size_of_row() const {
    return [this](std::size_t row) { return counts_.rows[row].count; };
  }

  void choose(std::vector<Branch>& groups) {
    std::vector<std::pair<std::uint64_t, std::size_t>> sums;
    for (std::size_t i = 0; i < groups.size(); ++i) sums.emplace_back(total(groups[i]), i);
    largest_first(sums, &std::pair<std::uint64_t, std::size_t>::first);
    sums.resize(std::min(sums.size(), rows_));
    std::vector<std::size_t> all;
    for (const auto& [sum, group] : sums) {
      first_keys_.push_back(first_key(groups[group]));
      std::vector<std::size_t> own(groups[group].last_row - groups[group].first_row);
      std::iota(own.begin(), own.end(), groups[group].first_row);
      largest_first(own, size_of_row());
      own.resize(std::min(own.size(), rows_));
      all.insert(all.end(), own.begin(), own.end());
    }
    std::ranges::sort(first_keys_);
    std::ranges::sort(all);
    largest_first(all, size_of_row());
    all.resize(std::min(all.size(), rows_below_all * rows_));
    for (const std::size_t row : all) stays_[row] = true;
  }

  std::string_view first_key(const Branch& group) const { return next_key(group, 0); }

  bool stays(const Branch& branch, std::size_t depth) const {
    if (depth == 1 && counts_.by.size() > 1) return std::ranges::binary_search(first_keys_, first_key(branch));
    return std::find(stays_.begin() + static_cast<std::ptrdiff_t>(branch.first_row),
                     stays_.begin() + static_cast<std::ptrdiff_t>(branch.last_row),
                     true) != stays_.begin() + static_cast<std::ptrdiff_t>(branch.last_row);
  }

  void walk(const Branch& branch, std::size_t depth, const Keys& prefix) {
    RestRow own{.prefix = prefix, .keys = 0};
    bool is_there = false;
    for (const RestRow& rest : branch.rests) {
      if (rest.prefix.size() != depth) break;
      add(own, rest.keys, rest.count);
      own.most += rest.most;
      is_there = true;
    }
    std::uint64_t largest_gone = 0;
    for (const Branch& group : groups_of(branch, depth)) {
      if (stays(group, depth + 1)) {
        if (depth + 1 == counts_.by.size()) continue;
        Keys below = prefix;
        below.push_back(next_key(group, depth));
        walk(group, depth + 1, below);
        continue;
      }
      add(own, 1, total(group));
      largest_gone = std::max(largest_gone, most(group));
      is_there = true;
    }
    own.most += largest_gone;  // one that went now may have been among those that went before
    if (is_there) rests_.push_back(std::move(own));
  }

  static void add(RestRow& rest, std::uint64_t keys, std::uint64_t count) {
    rest.keys += keys;
    rest.count += count;
  }

  void apply() {
    std::size_t kept = 0;
    for (std::size_t row = 0; row < counts_.rows.size(); ++row) {
      if (!stays_[row]) continue;
      if (kept != row) counts_.rows[kept] = std::move(counts_.rows[row]);
      ++kept;
    }
    counts_.rows.resize(kept);
    counts_.rest = std::move(rests_);
    std::ranges::sort(counts_.rest, {}, &RestRow::prefix);
  }

  Counts& counts_;
  std::size_t rows_;
  std::vector<bool> stays_;
  std::vector<std::string_view> first_keys_;  // those that stay, ascending; they lie in the table
  std::vector<RestRow> rests_;
};

void cut_list(std::vector<Record>& records, std::uint64_t& left_out, std::size_t rows) {
  if (records.size() <= rows) return;
  const std::size_t gone = records.size() - rows;
  records.erase(records.begin(), records.begin() + static_cast<std::ptrdiff_t>(gone));
  left_out += gone;
}

struct CutTo {
  std::size_t rows;

  void operator()(Counts& counts) const { static_cast<void>(Cut(counts, rows).run()); }
  void operator()(Measures& measures) const {
    const std::vector<bool> stays = Cut(measures.counts, rows).run();
    if (stays.empty()) return;
    std::size_t kept = 0;
    for (std::size_t row = 0; row < stays.size(); ++row)
      if (stays[row]) std::swap(measures.values[kept++], measures.values[row]);
    measures.values.resize(kept);
  }
  void operator()(Top& top) const {
    if (top.entries.size() <= rows) return;
    std::ranges::stable_sort(top.entries, std::ranges::greater(), &Top::Entry::count);
    for (std::size_t i = rows; i < top.entries.size(); ++i)
      top.cut = std::max(top.cut, top.entries[i].count + top.entries[i].extra);
    top.entries.resize(rows);
    std::ranges::sort(top.entries, {}, &Top::Entry::name);
  }
  void operator()(Records& records) const { cut_list(records.records, records.left_out, rows); }
  void operator()(Items& items) const { cut_list(items.records, items.left_out, rows); }
  void operator()(Alone& alone) const {
    cut_list(alone.alone_queries, alone.left_out, rows);
    cut_list(alone.alone_answers, alone.left_out, rows);
  }
  void operator()(Values& values) const { std::visit(*this, values.root.node); }
  void operator()(Map& map) const {
    for (auto& [key, value] : map) std::visit(*this, value.node);
  }
  template <typename Other>
  void operator()(Other&) const {}
};

/// How many numbers there are; `beyond` and more: it is not small.
struct NumbersIn {
  std::size_t beyond;

  std::size_t operator()(const Rates& rates) const { return rates.members.size(); }
  std::size_t operator()(const Counts& counts) const { return counts.rows.size() + counts.rest.size(); }
  std::size_t operator()(const Measures& measures) const {
    std::size_t numbers = measures.counts.rest.size();
    for (const std::vector<Measure>& values : measures.values)
      for (const Measure& value : values) {
        numbers += std::visit(*this, value);
        if (numbers >= beyond) return beyond;
      }
    return numbers;
  }
  std::size_t operator()(const Values& values) const { return std::visit(*this, values.root.node); }
  std::size_t operator()(const Map& map) const {
    std::size_t numbers = 0;
    for (const auto& [key, value] : map) {
      numbers += std::max<std::size_t>(std::visit(*this, value.node), 1);
      if (numbers >= beyond) return beyond;
    }
    return numbers;
  }
  std::size_t operator()(const Top& top) const { return top.entries.size(); }
  std::size_t operator()(const Distinct& distinct) const { return distinct.octets() / sizeof(std::uint64_t); }
  std::size_t operator()(const Quantiles&) const { return beyond; }
  std::size_t operator()(const Records&) const { return beyond; }
  std::size_t operator()(const Alone&) const { return beyond; }
  std::size_t operator()(const Items&) const { return beyond; }
  std::size_t operator()(const Nothing&) const { return 0; }
  template <typename Scalar>
  std::size_t operator()(const Scalar&) const {
    return 1;
  }
};

}  // namespace

void cut(Data& data, std::size_t rows) { std::visit(CutTo{rows}, data); }

bool is_small(const Data& data, std::size_t numbers) { return std::visit(NumbersIn{numbers + 1}, data) <= numbers; }

}  // namespace rata::summary
