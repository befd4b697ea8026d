// Sketches and tops as they stand inside other forms.

#include <algorithm>
#include <limits>
#include <utility>

#include "summary/read_forms.h"

namespace rata::summary {
namespace {

/// The six bits that a digit of base64 stands for.
std::uint64_t bits_of(char digit, Path& path) {
  if (digit >= 'A' && digit <= 'Z') return static_cast<std::uint64_t>(digit - 'A');
  if (digit >= 'a' && digit <= 'z') return static_cast<std::uint64_t>(digit - 'a') + 26;
  if (digit >= '0' && digit <= '9') return static_cast<std::uint64_t>(digit - '0') + 52;
  if (digit == '+') return 62;
  if (digit == '/') return 63;
  path.refuse("digits of base64");
}

void raise(Distinct& distinct, std::uint64_t place, std::uint64_t rank, const Path& path) {
  if (!distinct.raise_checked(place, rank)) path.refuse("places below 4096 and ranks from 1 to 53");
}

Distinct sparse(std::string_view digits, Path& path) {
  constexpr std::size_t digits_each = 3;
  if (digits.size() % digits_each != 0 || digits.size() / digits_each > Distinct::most_sparse)
    path.refuse("three digits for each of at most 512 registers");
  Distinct distinct;
  for (std::size_t at = 0; at < digits.size(); at += digits_each)
    raise(distinct, bits_of(digits[at], path) << 6 | bits_of(digits[at + 1], path), bits_of(digits[at + 2], path),
          path);
  return distinct;
}

Distinct dense(std::string_view digits, Path& path) {
  if (digits.size() != Distinct::registers) path.refuse("4096 digits");
  Distinct distinct;
  for (std::size_t place = 0; place < digits.size(); ++place)
    if (const std::uint64_t rank = bits_of(digits[place], path); rank != 0) raise(distinct, place, rank, path);
  return distinct;
}

/// Both parts of a pair; `first` is what reads the first.
template <typename First>
auto pair_of(Element pair, Path& path, First first) {
  const Array parts = array_of(pair, path, "");
  if (parts.size() != 2) path.refuse("pairs");
  auto at = parts.begin();
  const Element front = *at;
  ++at;
  return std::pair(first(front, path, ""), count_of(*at, path, ""));
}

/// What is said of the top at `place`: one word for all, or a list.
std::uint64_t at_place(const std::vector<std::uint64_t>& list, std::size_t place, std::uint64_t otherwise, Path& path) {
  if (list.empty()) return otherwise;
  if (place >= list.size()) path.refuse("as many entries in each list of form.tops as there are tops");
  return list[place];
}

}  // namespace

Distinct read_distinct(Element sketch, Path& path) {
  const Object object = object_of(sketch, path, "");
  if (find(object, "dense")) return dense(text_in(object, path, "dense"), path);
  return sparse(text_in(object, path, "sparse"), path);
}

Quantiles read_quantiles(Element sketch, Path& path) {
  const Object object = object_of(sketch, path, "");
  Quantiles quantiles;
  const auto buckets = find(object, "buckets");
  if (!buckets) path.refuse("buckets", "a list, and it is not there");
  for (const Element bucket : array_of(*buckets, path, "buckets")) {
    const auto [number, count] = pair_of(bucket, path, count_of);
    if (!quantiles.add_bucket(number, count))
      path.refuse("buckets", "buckets that exist, and counts from 1 to 2^64 - 1");
  }
  if (!quantiles.set_max(count_in(object, path, "max"))) path.refuse("max", "a number that the last bucket holds");
  return quantiles;
}

TopsForm::TopsForm(const Object& form, Path& path) : is_told_(true) {
  const auto tops = find(form, "tops");
  if (!tops) return;
  const Object object = object_of(*tops, path, "tops");
  const auto limit = find(object, "limit");
  if (limit && !limit->is_array())
    limits_.push_back(count_of(*limit, path, "limit"));
  else
    limits_ = counts_in(object, path, "limit");
  absent_ = counts_in(object, path, "absent");
  cut_ = counts_in(object, path, "cut");
  if (const auto extras = find(object, "extra")) read_extras(array_of(*extras, path, "extra"), path);
}

void TopsForm::read_extras(const Array& list, Path& path) {
  for (const Element extra : list) {
    std::vector<std::uint64_t>& of_top = extras_.emplace_back();
    if (extra.is_array())
      for (const Element one : array_of(extra, path, "extra")) of_top.push_back(count_of(one, path, "extra"));
    else
      of_top.push_back(count_of(extra, path, "extra"));
  }
}

Top TopsForm::next(const Array& list, std::uint64_t error, Path& path) {
  const std::size_t place = next_++;
  Top top{.limit = std::numeric_limits<std::uint64_t>::max(), .absent = error};
  top.entries.reserve(size_of(list, path));
  for (const Element pair : list) {
    const auto [name, count] = pair_of(pair, path, text_of);
    top.entries.push_back({std::string(name), count, error});
  }
  if (!is_told_) {
    if (!top.entries.empty()) top.cut = top.entries.back().count + error;
  } else {
    top.limit = limits_.size() == 1 ? limits_.front() : at_place(limits_, place, 0, path);
    top.absent = at_place(absent_, place, error, path);
    top.cut = at_place(cut_, place, 0, path);
  }
  if (!extras_.empty()) {
    if (place >= extras_.size()) path.refuse("as many entries in form.tops.extra as there are tops");
    const std::vector<std::uint64_t>& extras = extras_[place];
    if (extras.size() != 1 && extras.size() != top.entries.size()) path.refuse("as many extras as there are entries");
    for (std::size_t i = 0; i < top.entries.size(); ++i) top.entries[i].extra = extras[extras.size() == 1 ? 0 : i];
  }
  std::ranges::sort(top.entries, {}, &Top::Entry::name);
  if (std::ranges::adjacent_find(top.entries, {}, &Top::Entry::name) != top.entries.end())
    path.refuse("each name once");
  return top;
}

Top read_top_with_error(Element top, TopsForm& form, Path& path) {
  const Object object = object_of(top, path, "");
  const auto list = find(object, "top");
  if (!list) path.refuse("top", "a list, and it is not there");
  return form.next(array_of(*list, path, "top"), count_in(object, path, "error"), path);
}

}  // namespace rata::summary
