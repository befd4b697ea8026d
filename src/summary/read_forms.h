#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "summary/read_path.h"
#include "summary/summary.h"

// Each form of `data` from JSON. `form`: the member of that name, of which each reads what it needs. All throw Misfit.

namespace rata::summary {

/// What `data` does not say of counters.
struct CountsForm {
  std::vector<std::string> by;
  std::uint64_t error = 0;
  /// One for each map that ends as if something had been cut from it, as they end: `RestRow::most`, or nothing for a
  /// map whose last two keys are called so. Without a list it is 0; where nobody says, all that was cut.
  std::vector<std::optional<std::uint64_t>> most;
  bool says_most = true;
};

CountsForm read_counts_form(const Object& form, Path& path);
/// Of a map of maps of numbers, as deep as it is; the dimensions have no names of their own.
CountsForm guessed_form(Element data, Path& path);

/// What `data` does not say of tops, in the order in which they stand there.
class TopsForm {
 public:
  /// Nothing is said of them: no limit, and what is not listed may have as much as the last one.
  TopsForm() = default;
  TopsForm(const Object& form, Path& path);

  /// `list`: pairs of name and count. `error`: what `data` says of it.
  Top next(const Array& list, std::uint64_t error, Path& path);

 private:
  void read_extras(const Array& list, Path& path);

  bool is_told_ = false;
  std::size_t next_ = 0;
  std::vector<std::uint64_t> limits_, absent_, cut_;
  std::vector<std::vector<std::uint64_t>> extras_;  // of each entry, or one for all
};

Rates read_rates(Element data, const Object& form, Path& path);
Counts read_counts(Element data, CountsForm form, Path& path);
Records read_records(Element data, Records::Shape shape, Path& path);
Records::Shape shape_named(std::string_view name, Path& path);
Alone read_alone(Element data, Path& path);
Measures read_measures(Element data, const Object& form, Path& path);
/// `shape`: what `merge` says. Without `form` nothing is known but that.
Values read_values(Element data, Element shape, std::optional<Object> form, Path& path);

Distinct read_distinct(Element sketch, Path& path);
Quantiles read_quantiles(Element sketch, Path& path);
/// {"error": 3, "top": [["www.example.", 9]]}
Top read_top_with_error(Element top, TopsForm& form, Path& path);

std::vector<Record> read_list(Element list, Path& path);

/// What records are that do not say their form: by `merge`, which those of the older chain do not have either.
Data read_unformed(std::string_view type, double seconds, Element data, std::optional<Element> merge, Path& path);

}  // namespace rata::summary
