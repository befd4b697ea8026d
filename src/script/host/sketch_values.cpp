// distinct() and quantiles(): the sketches of summaries as values of a script.

#include <algorithm>
#include <array>
#include <cmath>

#include "script/host/values.h"
#include "summary/values.h"
#include "util/hash.h"

namespace rata::script {
namespace {

using reduce::no_code;
using reduce::Octets;

constexpr std::uint64_t no_octets = UINT32_MAX;

class DistinctValue final : public Value {
 public:
  DistinctValue(const ValueOptions& options, const ValueSurroundings& around)
      : around_(around), fields_(options.fields) {}

  ValueError add_text(std::string_view text, std::uint64_t) override {
    if (!fields_.empty()) return ValueError::wants_message;
    add({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
    return ValueError::none;
  }

  /// The octets that the built-in reducers hash: what they and a script count merges. Not so of numbers that a message
  /// may not have (edns_size): there "none" is one of the values.
  ValueError add_message(std::uint32_t at, std::uint64_t) override {
    if (fields_.empty()) return ValueError::no_such_thing;
    const Columns::Column& column = around_.columns[fields_.front()];
    if (!column.codes.empty()) {
      const std::uint32_t code = column.codes[at];
      if (code == no_code) return ValueError::none;
      const std::array<std::uint8_t, 4> octets = {
          static_cast<std::uint8_t>(code >> 24), static_cast<std::uint8_t>(code >> 16),
          static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
      add(octets);
    } else if (const rata_octets& octets = column.octets[at]; octets.size != no_octets) {
      add({reinterpret_cast<const std::uint8_t*>(octets.octets), octets.size});
    }
    return ValueError::none;
  }

  ValueError merge(Value& other) override {
    auto* const distinct = dynamic_cast<DistinctValue*>(&other);
    // By a field octets are hashed, and by text the text: two of one thing would count as two.
    if (distinct == nullptr || distinct->fields_ != fields_) return ValueError::cannot_merge;
    if (distinct != this) distinct_.merge(distinct->distinct_);
    return ValueError::none;
  }

  double total() override { return std::round(distinct_.estimate()); }
  summary::Data data() override { return summary::Values{.root = distinct_}; }

 private:
  void add(Octets octets) { distinct_.add(util::sketch_hash(octets, around_.context.sketch_seed)); }

  ValueSurroundings around_;
  std::vector<std::size_t> fields_;
  summary::Distinct distinct_;
};

class QuantilesValue final : public Value {
 public:
  QuantilesValue(const ValueOptions& options, const ValueSurroundings& around)
      : columns_(around.columns), fields_(options.fields) {}

  ValueError add_number(double number) override {
    if (!fields_.empty()) return ValueError::wants_message;
    constexpr double most = 9e15;
    if (!(number >= 0) || number > most) return ValueError::bad_number;
    quantiles_.add(static_cast<std::uint64_t>(std::llround(number)));
    return ValueError::none;
  }

  ValueError add_message(std::uint32_t at, std::uint64_t) override {
    if (fields_.empty()) return ValueError::no_such_thing;
    const std::uint32_t code = columns_[fields_.front()].codes[at];
    if (code != no_code) quantiles_.add(code);
    return ValueError::none;
  }

  ValueError merge(Value& other) override {
    auto* const quantiles = dynamic_cast<QuantilesValue*>(&other);
    if (quantiles == nullptr || quantiles == this) return ValueError::cannot_merge;
    quantiles_.merge(quantiles->quantiles_);
    return ValueError::none;
  }

  double total() override { return static_cast<double>(quantiles_.count()); }
  double quantile(double share) override { return quantiles_.quantile(std::min(std::max(0.0, share), 1.0)); }
  summary::Data data() override { return summary::Values{.root = quantiles_}; }

 private:
  const Columns& columns_;
  std::vector<std::size_t> fields_;
  summary::Quantiles quantiles_;
};

}  // namespace

util::Result<std::unique_ptr<Value>> make_distinct(const ValueOptions& options, const ValueSurroundings& around) {
  if (options.fields.size() > 1) return util::Error{"is of one field, or of texts"};
  return {std::make_unique<DistinctValue>(options, around)};
}

util::Result<std::unique_ptr<Value>> make_quantiles(const ValueOptions& options, const ValueSurroundings& around) {
  if (options.fields.size() > 1) return util::Error{"are of one field, or of numbers"};
  if (!options.fields.empty() && around.columns[options.fields.front()].field.form != Field::Form::number)
    return util::Error{"are of numbers: " + around.columns[options.fields.front()].field.name + " is none"};
  return {std::make_unique<QuantilesValue>(options, around)};
}

}  // namespace rata::script
