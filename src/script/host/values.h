#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "reduce/budget.h"
#include "reduce/context.h"
#include "script/host/columns.h"
#include "summary/summary.h"
#include "util/result.h"

namespace rata::script {

/// What is wrong with something that is added: numbers of the prelude's value_errors.
enum class ValueError : std::uint32_t {
  none,
  gone,
  no_such_thing,
  bad_times,
  too_long,
  bad_number,
  wants_message,
  no_message,
  cannot_merge
};

/// What a value is made of: options of counter(), top_k() and so on.
struct ValueOptions {
  std::vector<std::size_t> fields;  ///< none: it takes texts
  std::array<std::uint64_t, 4> limits{};
  std::size_t cells = 0;  ///< 0: the default
};

/// A value of a script, native underneath.
class Value {
 public:
  virtual ~Value() = default;

  bool waits = false;  ///< for the end of a batch: it is to be flushed then

  virtual ValueError add_message(std::uint32_t, std::uint64_t) { return ValueError::no_such_thing; }
  virtual ValueError add_text(std::string_view, std::uint64_t) { return ValueError::no_such_thing; }
  virtual ValueError add_number(double) { return ValueError::no_such_thing; }
  /// `other` stays as it is.
  virtual ValueError merge(Value&) { return ValueError::cannot_merge; }

  /// What was added may wait for the end of a batch, to be looked up together.
  virtual void flush() {}
  virtual double count_of(std::string_view) { return 0; }
  virtual double total() { return 0; }
  virtual double quantile(double) { return 0; }
  struct Ranked {
    std::string text;
    std::uint64_t count;
  };
  /// The keys with most, equal ones by text.
  virtual std::vector<Ranked> rank(std::size_t) { return {}; }

  /// What it becomes in a result. May be asked more than once.
  virtual summary::Data data() = 0;
};

/// What values need to know.
struct ValueSurroundings {
  const Columns& columns;
  const reduce::Context& context;
  reduce::Budget* budget = nullptr;  ///< for tables; outlives them
};

util::Result<std::unique_ptr<Value>> make_counter(const ValueOptions& options, const ValueSurroundings& around);
/// `options.limits[0]`: how many are shown.
util::Result<std::unique_ptr<Value>> make_top_k(const ValueOptions& options, const ValueSurroundings& around);
util::Result<std::unique_ptr<Value>> make_distinct(const ValueOptions& options, const ValueSurroundings& around);
util::Result<std::unique_ptr<Value>> make_quantiles(const ValueOptions& options, const ValueSurroundings& around);

}  // namespace rata::script
