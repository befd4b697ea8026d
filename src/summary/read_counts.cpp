// Counters and what is measured by key, from maps nested by the dimensions.

#include <algorithm>
#include <numeric>
#include <utility>

#include "summary/read_forms.h"

namespace rata::summary {
namespace {

constexpr std::size_t most_dimensions = 16;

/// Reads maps of maps. `leaf(element, path, key)` makes of what stands at the end of the keys its count.
template <typename Leaf>
class Nested {
 public:
  Nested(CountsForm form, Path& path, Leaf leaf) : form_(std::move(form)), path_(path), leaf_(std::move(leaf)) {
    if (form_.by.size() > most_dimensions) path_.refuse("at most 16 dimensions");
    made_.error = form_.error;
  }

  Counts read(Element data) {
    if (form_.by.empty() && !data.is_object())
      add_row("", data);
    else
      map(object_of(data, path_, ""));
    made_.by = std::move(form_.by);
    std::ranges::stable_sort(made_.rest, {}, &RestRow::prefix);
    return std::move(made_);
  }

  /// False: some key stands before a smaller one, or twice.
  bool is_ascending() const { return ascending_; }

 private:
  using Field = Object::iterator;

  void map(const Object& object) {
    const std::size_t size = size_of(object, path_);
    std::size_t place = 0;
    std::string_view before;
    for (Field field = object.begin(); field != object.end(); ++field, ++place) {
      if (place + 2 == size && looks_like_rest(field) && take_rest(field)) break;
      const std::string_view key = field.key();
      if (place > 0 && key <= before) ascending_ = false;
      before = key;
      if (keys_.size() + 1 >= form_.by.size())
        add_row(key, field.value());
      else
        go_into(key, field.value());
    }
    if (size == 0 && !keys_.empty()) made_.rest.push_back({.prefix = keys(), .keys = 0});
  }

  void go_into(std::string_view key, Element inner) {
    const Object map_below = object_of(inner, path_, key);
    const Path::Step step(path_, key);
    keys_.push_back(key);
    map(map_below);
    keys_.pop_back();
  }

  void add_row(std::string_view key, Element value) {
    if (form_.by.empty() && value.is_object()) path_.refuse(key, "nothing, since there are no dimensions");
    const bool has_keys = !form_.by.empty();
    if (has_keys) keys_.push_back(key);
    CountRow row{.keys = keys()};
    if (has_keys) keys_.pop_back();
    row.count = leaf_(value, path_, key);
    path_.add(total_, row.count);
    made_.rows.push_back(std::move(row));
  }

  static bool looks_like_rest(Field field) {
    if (field.key() != skipped_keys || !field.value().is_uint64()) return false;
    ++field;
    return field.key() == skipped_count && field.value().is_uint64();
  }

  /// False: these are keys that are called so.
  bool take_rest(Field field) {
    RestRow rest{.prefix = keys(), .keys = count_of(field.value(), path_, skipped_keys)};
    ++field;
    rest.count = count_of(field.value(), path_, skipped_count);
    if (!form_.says_most) {
      rest.most = rest.count;
    } else if (!form_.most.empty()) {
      if (next_most_ == form_.most.size()) path_.refuse("as many entries in form.most as there are cuts");
      const auto most = form_.most[next_most_++];
      if (!most) return false;
      rest.most = *most;
    }
    path_.add(total_, rest.count);
    made_.rest.push_back(std::move(rest));
    return true;
  }

  Keys keys() {
    Keys copies(keys_.begin(), keys_.end());
    path_.take_room(sizeof copies + copies.octets().size());
    return copies;
  }

  CountsForm form_;
  Path& path_;
  Leaf leaf_;
  Counts made_;
  std::vector<std::string_view> keys_;
  std::uint64_t total_ = 0;
  std::size_t next_most_ = 0;
  bool ascending_ = true;
};

void sort_and_add_equals(std::vector<CountRow>& rows) {
  std::ranges::stable_sort(rows, {}, &CountRow::keys);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (kept > 0 && rows[kept - 1].keys == rows[i].keys)
      rows[kept - 1].count += rows[i].count;
    else if (kept++ != i)
      rows[kept - 1] = std::move(rows[i]);
  }
  rows.resize(kept);
}

std::size_t depth_of(Element data, Path& path) {
  if (!data.is_object()) return 0;
  const Object object = object_of(data, path, "");
  const std::size_t size = size_of(object, path);
  std::size_t below = 0, place = 0;
  for (const auto field : object) {
    const bool is_rest = place++ + 2 >= size && (field.key == skipped_keys || field.key == skipped_count);
    if (!is_rest || below == 0) below = std::max(below, depth_of(field.value, path));
  }
  return below + 1;
}

/// Which kind a measure is of, by the first word of its name.
Measure read_measure(std::string_view name, Element value, TopsForm& tops, Path& path) {
  if (name.starts_with("distinct:")) return read_distinct(value, path);
  if (name.starts_with("quantiles:")) return read_quantiles(value, path);
  if (name.starts_with("top:")) return read_top_with_error(value, tops, path);
  return count_of(value, path, "");
}

std::vector<Measure> read_row(const Object& row, const std::vector<std::string>& names, TopsForm& tops, Path& path) {
  std::vector<Measure> values;
  values.reserve(names.size());
  for (const std::string& name : names) {
    const auto value = find(row, name);
    if (!value) path.refuse(name, "a measure, and it is not there");
    const Path::Step step(path, name);
    values.push_back(read_measure(name, *value, tops, path));
  }
  return values;
}

/// Into the order of the rows' keys.
void sort_rows(Measures& measures, const Path& path) {
  std::vector<std::size_t> order(measures.counts.rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, {}, [&](std::size_t row) -> const auto& { return measures.counts.rows[row].keys; });
  Measures sorted;
  for (const std::size_t row : order) {
    sorted.counts.rows.push_back(std::move(measures.counts.rows[row]));
    sorted.values.push_back(std::move(measures.values[row]));
  }
  measures.counts.rows = std::move(sorted.counts.rows);
  measures.values = std::move(sorted.values);
  if (std::ranges::adjacent_find(measures.counts.rows, {}, &CountRow::keys) != measures.counts.rows.end())
    path.refuse("each key once");
}

}  // namespace

CountsForm read_counts_form(const Object& form, Path& path) {
  CountsForm read{.by = texts_in(form, path, "by"), .error = count_in(form, path, "error"), .most = {}};
  const auto most = find(form, "most");
  if (!most) return read;
  for (const Element one : array_of(*most, path, "most"))
    read.most.push_back(one.is_null() ? std::nullopt : std::optional(count_of(one, path, "most")));
  return read;
}

CountsForm guessed_form(Element data, Path& path) {
  const std::size_t depth = depth_of(data, path);
  CountsForm form{.by = {}, .error = 0, .most = {}, .says_most = false};
  if (data.is_object() && object_of(data, path, "").size() > 0) form.by.assign(depth, "key");
  return form;
}

Counts read_counts(Element data, CountsForm form, Path& path) {
  Nested nested(std::move(form), path, count_of);
  Counts counts = nested.read(data);
  if (!nested.is_ascending()) sort_and_add_equals(counts.rows);
  return counts;
}

Measures read_measures(Element data, const Object& form, Path& path) {
  Measures measures;
  measures.names = texts_in(form, path, "names");
  const std::vector<std::uint64_t> messages = counts_in(form, path, "messages");
  const auto counted = static_cast<std::size_t>(std::ranges::find(measures.names, "count") - measures.names.begin());
  if (messages.empty() && counted == measures.names.size() && find(form, "messages") == std::nullopt)
    path.refuse("form.messages or a measure that is called count");
  TopsForm tops(form, path);
  Nested nested(read_counts_form(form, path), path, [&](Element row, Path& at, std::string_view key) -> std::uint64_t {
    const Object object = object_of(row, at, key);
    const Path::Step step(at, key);
    const std::size_t place = measures.values.size();
    measures.values.push_back(read_row(object, measures.names, tops, at));
    if (messages.empty()) {
      const auto* count = std::get_if<std::uint64_t>(&measures.values.back()[counted]);
      return count == nullptr ? 0 : *count;
    }
    if (place >= messages.size()) at.refuse("as many entries in form.messages as there are rows");
    return messages[place];
  });
  measures.counts = nested.read(data);
  if (!nested.is_ascending()) sort_rows(measures, path);
  return measures;
}

}  // namespace rata::summary
