#include "summary/merge.h"

#include <algorithm>
#include <cmath>
#include <compare>
#include <iterator>
#include <map>
#include <memory>
#include <tuple>
#include <utility>

#include "summary/laws.h"

namespace rata::summary {
namespace {

/// Whole nanoseconds, so that sums are the same in any order.
double sum_of_seconds(double a, double b) {
  constexpr double per_second = 1e9, most = 4e9;  // so that whole nanoseconds of both have room in 64 bits
  return static_cast<double>(std::llround(std::min(a, most) * per_second) +
                             std::llround(std::min(b, most) * per_second)) /
         per_second;
}

/// Merges two lists that are ascending by `key`. `both(a, b)`: adds b to a.
template <typename Item, typename Key, typename Both>
void merge_sorted(std::vector<Item>& into, std::vector<Item>&& from, Key key, Both both) {
  std::vector<Item> merged;
  merged.reserve(std::max(into.size(), from.size()));
  auto a = into.begin(), b = from.begin();
  while (a != into.end() && b != from.end()) {
    const std::strong_ordering order = std::invoke(key, *a) <=> std::invoke(key, *b);
    if (order == 0) both(*a, *b++);
    merged.push_back(std::move(order > 0 ? *b++ : *a++));
  }
  std::move(a, into.end(), std::back_inserter(merged));
  std::move(b, from.end(), std::back_inserter(merged));
  into = std::move(merged);
}

void merge_one(Rate& into, const Rate& from, Relation relation) {
  into.count += from.count;
  into.seconds = relation == Relation::consecutive ? sum_of_seconds(into.seconds, from.seconds)
                                                   : std::max(into.seconds, from.seconds);
}

bool merge_into(Rates& into, Rates&& from, Relation relation) {
  const auto same = [](const Rate& a, const Rate& b) { return a.name == b.name; };
  if (!std::ranges::equal(into.members, from.members, same)) return false;
  for (std::size_t i = 0; i < into.members.size(); ++i) merge_one(into.members[i], from.members[i], relation);
  return true;
}

/// By origin, then as they came there. The content decides between what claims one place, such as records of monitors
/// without name and boot: no two that differ are equal, so that any order of merging gives one list.
bool goes_before(const Record& a, const Record& b) {
  static const Origin nowhere;
  if (a.origin != b.origin) {
    const auto order = (a.origin ? *a.origin : nowhere) <=> (b.origin ? *b.origin : nowhere);
    if (order != 0) return order < 0;
  }
  if (a.ordinal != b.ordinal) return a.ordinal < b.ordinal;
  return std::tie(a.keys, a.json, a.value) < std::tie(b.keys, b.json, b.value);
}

}  // namespace

namespace {

/// No row, and nobody said of what: it fits any dimensions.
bool is_nothing(const Counts& counts) { return counts.by.empty() && counts.rows.empty() && counts.rest.empty(); }

}  // namespace

bool merge_into(Counts& into, Counts&& from) {
  if (is_nothing(into)) into.by = from.by;
  if (into.by != from.by && !is_nothing(from)) return false;
  merge_sorted(into.rows, std::move(from.rows), &CountRow::keys,
               [](CountRow& a, const CountRow& b) { a.count += b.count; });
  std::ranges::stable_sort(into.rest, {}, &RestRow::prefix);
  std::ranges::stable_sort(from.rest, {}, &RestRow::prefix);
  merge_sorted(into.rest, std::move(from.rest), &RestRow::prefix, [](RestRow& a, const RestRow& b) {
    a.keys += b.keys;
    a.count += b.count;
    a.most += b.most;
  });
  into.error += from.error;
  return true;
}

void concatenate(std::vector<Record>& into, std::vector<Record>&& from) {
  for (std::vector<Record>* list : {&into, &from})
    if (!std::ranges::is_sorted(*list, goes_before)) std::ranges::sort(*list, goes_before);
  std::vector<Record> both;
  both.reserve(into.size() + from.size());
  std::ranges::merge(std::make_move_iterator(into.begin()), std::make_move_iterator(into.end()),
                     std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()),
                     std::back_inserter(both), goes_before);
  into = std::move(both);
}

bool merge_into(Top& into, Top&& from) {
  if (into.limit != from.limit) return false;
  // A key that one side does not list may have there what that side says of absent ones.
  const std::uint64_t into_may_have = std::max(into.absent, into.cut), from_may_have = std::max(from.absent, from.cut);
  const auto lists = [](const Top& top, const std::string& name) {
    return std::ranges::binary_search(top.entries, name, {}, &Top::Entry::name);
  };
  for (Top::Entry& entry : into.entries)
    if (!lists(from, entry.name)) entry.extra += from_may_have;
  for (Top::Entry& entry : from.entries)
    if (!lists(into, entry.name)) entry.extra += into_may_have;
  merge_sorted(into.entries, std::move(from.entries), &Top::Entry::name, [](Top::Entry& a, const Top::Entry& b) {
    a.count += b.count;
    a.extra += b.extra;
  });
  into.cut = into.cut > 0 || from.cut > 0 ? into_may_have + from_may_have : 0;
  into.absent += from.absent;
  return true;
}

namespace {

bool merge_into(Counts& into, Counts&& from, Relation) { return merge_into(into, std::move(from)); }
bool merge_into(Top& into, Top&& from, Relation) { return merge_into(into, std::move(from)); }

bool merge_into(Records& into, Records&& from, Relation) {
  if (into.shape != from.shape) return false;
  concatenate(into.records, std::move(from.records));
  into.left_out += from.left_out;
  return true;
}

bool merge_into(Alone& into, Alone&& from, Relation) {
  into.queries += from.queries;
  into.answers += from.answers;
  concatenate(into.alone_queries, std::move(from.alone_queries));
  concatenate(into.alone_answers, std::move(from.alone_answers));
  into.left_out += from.left_out;
  return true;
}

void merge_value(std::uint64_t& into, std::uint64_t&& from) { into += from; }
void merge_value(Distinct& into, Distinct&& from) { into.merge(from); }
void merge_value(Quantiles& into, Quantiles&& from) { into.merge(from); }
void merge_value(Top& into, Top&& from) {
  // Tops of one measure have one limit.
  static_cast<void>(merge_into(into, std::move(from)));
}

void merge_values(std::vector<Measure>& into, std::vector<Measure>&& from) {
  for (std::size_t i = 0; i < into.size(); ++i)
    std::visit(
        [&](auto& held) { merge_value(held, std::move(std::get<std::remove_reference_t<decltype(held)>>(from[i]))); },
        into[i]);
}

/// What a key may have in a part in which it is no row. `counts.rest`: ascending by prefix.
std::uint64_t most_absent(const Counts& counts, const Keys& keys) {
  const auto below = [&](const Keys& prefix) {
    std::uint64_t most = 0;
    for (const RestRow& rest : std::ranges::equal_range(counts.rest, prefix, {}, &RestRow::prefix)) most += rest.most;
    return most;
  };
  Keys prefix;
  std::uint64_t most = counts.error + below(prefix);
  for (const std::string_view key : keys) {
    prefix.push_back(key);
    most += below(prefix);
  }
  return most;
}

/// The tops of a key that has no row in the other part.
void lack(std::vector<Measure>& values, std::uint64_t messages) {
  for (Measure& value : values)
    if (auto* top = std::get_if<Top>(&value)) merge_value(*top, Top{.limit = top->limit, .absent = messages});
}

void lack_what_others_had(Measures& measures, Counts& others) {
  std::ranges::stable_sort(others.rest, {}, &RestRow::prefix);
  for (std::size_t i = 0; i < measures.values.size(); ++i) {
    const Keys& keys = measures.counts.rows[i].keys;
    if (!std::ranges::binary_search(others.rows, keys, {}, &CountRow::keys))
      lack(measures.values[i], most_absent(others, keys));
  }
}

bool merge_into(Measures& into, Measures&& from, Relation) {
  if (into.names != from.names || into.counts.by != from.counts.by) return false;
  lack_what_others_had(into, from.counts);
  lack_what_others_had(from, into.counts);
  std::map<Keys, std::vector<Measure>> values;
  for (std::size_t i = 0; i < into.values.size(); ++i) values[into.counts.rows[i].keys] = std::move(into.values[i]);
  for (std::size_t i = 0; i < from.values.size(); ++i) {
    const auto [place, is_new] = values.try_emplace(from.counts.rows[i].keys);
    if (is_new)
      place->second = std::move(from.values[i]);
    else
      merge_values(place->second, std::move(from.values[i]));
  }
  static_cast<void>(merge_into(into.counts, std::move(from.counts)));
  into.values.clear();
  for (const CountRow& row : into.counts.rows) into.values.push_back(std::move(values[row.keys]));
  return true;
}

bool merge_into(Values& into, Values&& from, Relation) {
  merge(into, std::move(from));
  return true;
}

bool merge_into(Nothing&, Nothing&&, Relation) { return true; }

/// Where the lists of a summary that has not been merged yet come from. Their order stays, whatever it goes by: the
/// ordinals of several inputs are not comparable.
class NameOrigin {
 public:
  explicit NameOrigin(const Summary& of) : of_(of) {}

  void operator()(std::vector<Record>& records) {
    if (records.empty() || records.front().origin) return;
    if (!origin_)
      origin_ = std::make_shared<const Origin>(Origin{.window = of_.window.start,
                                                      .server = of_.server,
                                                      .monitor = of_.monitor,
                                                      .boot = of_.id.boot,
                                                      .sequence = of_.id.sequence});
    for (std::size_t i = 0; i < records.size(); ++i) {
      records[i].ordinal = i;
      records[i].origin = origin_;
    }
  }
  void operator()(Value& value) {
    if (auto* items = std::get_if<Items>(&value.node)) (*this)(items->records);
    if (auto* map = std::get_if<Map>(&value.node))
      for (auto& [key, inner] : *map) (*this)(inner);
  }

 private:
  const Summary& of_;
  std::shared_ptr<const Origin> origin_;  // one for all lists, since a tree may have as many as it has keys
};

void name_origin(Summary& summary) {
  NameOrigin name(summary);
  if (auto* records = std::get_if<Records>(&summary.data)) name(records->records);
  if (auto* values = std::get_if<Values>(&summary.data)) name(values->root);
  if (auto* alone = std::get_if<Alone>(&summary.data)) {
    name(alone->alone_queries);
    name(alone->alone_answers);
  }
}

void merge_windows(Window& into, const Window& from) {
  const auto end = [](const Window& window) { return window.start.ns + std::llround(window.seconds * 1e9); };
  const std::int64_t last = std::max(end(into), end(from));
  into.start = std::min(into.start, from.start);
  into.seconds = static_cast<double>(last - into.start.ns) / 1e9;
  into.packets += from.packets;
  into.late += from.late;
  into.unfinished |= from.unfinished;
}

void merge_losses(Loss& into, const Loss& from) {
  into.kernel += from.kernel;
  into.queue += from.queue;
  into.malformed += from.malformed;
  into.left_out += from.left_out;
  into.key_error += from.key_error;
  for (std::size_t i = 0; i < into.lacking.size(); ++i) into.lacking[i] += from.lacking[i];
  into.missed += from.missed;
}

/// The first of `waiting` by key goes for each of `others`.
std::vector<Record> without(const std::vector<Record>& waiting, const std::vector<Record>& others) {
  std::map<std::vector<std::string>, std::size_t> partners;
  for (const Record& other : others) ++partners[other.keys];
  std::vector<Record> left;
  for (const Record& record : waiting) {
    const auto partner = partners.find(record.keys);
    if (partner != partners.end() && partner->second > 0)
      --partner->second;
    else
      left.push_back(record);
  }
  return left;
}

}  // namespace

namespace {

bool is_nothing(const Data& data) {
  const auto* const values = std::get_if<Values>(&data);
  return values != nullptr && is_nothing(*values);
}

}  // namespace

bool merge(Data& into, Data&& from, Relation relation) {
  if (into.index() != from.index()) {
    // A script that gives counts gives no result for a window in which it failed.
    if (!is_nothing(into)) return is_nothing(from);
    into = std::move(from);
    return true;
  }
  return std::visit(
      [&](auto& held) {
        return merge_into(held, std::move(std::get<std::remove_reference_t<decltype(held)>>(from)), relation);
      },
      into);
}

bool merge(Summary& into, Summary&& from, Relation relation) {
  name_origin(into);
  name_origin(from);
  if (!merge(into.data, std::move(from.data), relation)) return false;
  merge_windows(into.window, from.window);
  merge_losses(into.loss, from.loss);
  return true;
}

Alone settled(const Alone& alone) {
  return {.queries = alone.queries,
          .answers = alone.answers,
          .alone_queries = without(alone.alone_queries, alone.alone_answers),
          .alone_answers = without(alone.alone_answers, alone.alone_queries),
          .left_out = alone.left_out};
}

}  // namespace rata::summary
