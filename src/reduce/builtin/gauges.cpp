#include "reduce/builtin/gauges.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <vector>

#include "util/cursor.h"
#include "util/nearest.h"

namespace rata::reduce {
namespace {

std::optional<std::uint64_t> whole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number == 0 || number > 1000) return std::nullopt;
  return number;
}

struct Form {
  std::string_view word;
  Gauge::Kind kind;
  std::string_view written, example = "";  ///< no example: it takes no dimension

  bool takes_dimension() const { return !example.empty(); }
};
constexpr Form forms[] = {
    {"count", Gauge::Kind::count, "count"},
    {"octets", Gauge::Kind::octets, "octets"},
    {"distinct", Gauge::Kind::distinct, "distinct:DIMENSION", "distinct:client"},
    {"quantiles", Gauge::Kind::quantiles, "quantiles:DIMENSION", "quantiles:message_size"},
    {"top", Gauge::Kind::top, "top:DIMENSION:N", "top:qname:10"},
};

std::vector<std::string> written_forms() {
  std::vector<std::string> written;
  for (const Form& form : forms) written.emplace_back(form.written);
  return written;
}

std::vector<std::string_view> quantities() {
  std::vector<std::string_view> names;
  for (const Dimension& dimension : dimensions())
    if (dimension.quantity != Quantity::none) names.push_back(dimension.name);
  return names;
}

std::array<std::uint8_t, 4> octets_of_code(std::uint32_t code) {
  return {static_cast<std::uint8_t>(code >> 24), static_cast<std::uint8_t>(code >> 16),
          static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code)};
}

/// Calls `use(octets)` with the packet's value, if it has one.
template <typename Use>
void with_value(const Gauge& gauge, Batch& batch, std::size_t packet, const Use& use) {
  if (gauge.use.dimension->coded()) {
    const std::uint32_t code = batch.codes(gauge.column)[packet];
    if (code != no_code) use(Octets(octets_of_code(code)));
  } else if (const KeyColumn::Key& key = batch.keys(gauge.column)[packet]; key.exists()) {
    use(key.span());
  }
}

/// Of a dimension that has numbers: the packet's.
std::optional<std::uint32_t> number(const Gauge& gauge, Batch& batch, std::size_t packet) {
  const std::uint32_t code = batch.codes(gauge.column)[packet];
  if (code == no_code) return std::nullopt;
  if (gauge.use.dimension->quantity == Quantity::code) return code;
  return code == 0 ? std::nullopt : std::optional(code - 1);
}

std::string value_text(const DimensionUse& use, const std::string& value, const Context& context) {
  const Octets octets(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  const Look look{context, use.argument};
  if (!use.dimension->coded()) return use.dimension->key_text(octets, look);
  return use.dimension->code_text(util::big_endian<std::uint32_t>(octets.data()), look);
}

}  // namespace

util::Result<Gauge> Gauge::read(const std::string& text) {
  const std::string_view word = std::string_view(text).substr(0, text.find(':'));
  const auto form = std::ranges::find(forms, word, &Form::word);
  if (form == std::end(forms) || (!form->takes_dimension() && text != word))
    return util::Error{util::no_such("measure", text, written_forms())};
  Gauge gauge{.kind = form->kind, .text = text};
  if (!form->takes_dimension()) return gauge;
  std::string_view dimension = std::string_view(text).substr(std::min(word.size() + 1, text.size()));
  if (gauge.kind == Kind::top) {
    const std::size_t last = std::min(dimension.rfind(':'), dimension.size());
    const auto n = last == dimension.size() ? std::nullopt : whole(dimension.substr(last + 1));
    if (!n)
      return util::Error{
          fmt::format("\"{}\" is no {} with N from 1 to 1000, such as {}", text, form->written, form->example)};
    gauge.n = *n;
    dimension = dimension.substr(0, last);
  }
  if (dimension.empty())
    return util::Error{fmt::format("\"{}\" lacks its dimension: {}, such as {}", text, form->written, form->example)};
  const auto use = read_dimension(dimension);
  if (!use) return util::Error{fmt::format("\"{}\": {}", text, use.error().message)};
  gauge.use = *use;
  if (gauge.kind == Kind::quantiles)
    if (const auto numbers = gauge.look_at_numbers(dimension); !numbers) return numbers.error();
  return gauge;
}

/// Quantiles have buckets of their own: of a dimension that has some too, those with one number each are looked at.
util::Result<void> Gauge::look_at_numbers(std::string_view written) {
  const Dimension& dimension = *use.dimension;
  const bool as_it_is = written == dimension.name;
  if (dimension.quantity == Quantity::none)
    return util::Error{fmt::format("\"{}\": the values of {} are no numbers; those of these are: {}", text,
                                   dimension.name, fmt::join(quantities(), ", "))};
  if (dimension.read_argument == nullptr) return {};
  const std::uint32_t each_number = dimension.read_argument("1").value_or(1);
  if (!as_it_is && use.argument != each_number)
    return util::Error{fmt::format("\"{}\": quantiles are of the numbers themselves, not of buckets: quantiles:{}",
                                   text, dimension.name)};
  use.argument = each_number;
  return {};
}

Needs Gauge::needs() const {
  if (kind == Kind::octets) return {.members = {util::Member::size}};
  return use.dimension == nullptr ? Needs{} : use.dimension->needs;
}

void Gauge::join(Plan& plan, std::size_t selection) {
  if (use.dimension == nullptr) return;
  column = use.dimension->coded() ? plan.code_column(use, selection) : plan.key_column(use, selection);
}

// Eight times as many as are shown: what is shown is then nearly always right.
TopCounter::TopCounter(std::uint64_t n) : n_(n), limit_(std::max<std::size_t>(64, n * 8)) {}

void TopCounter::add(std::string value, std::uint64_t count) {
  if (const auto known = counts_.find(value); known != counts_.end()) {
    known->second += count;
    return;
  }
  if (counts_.size() >= limit_) drop_smaller_half();
  octets_ += octets_of(value);
  counts_.emplace(std::move(value), count);
}

void TopCounter::absorb(TopCounter&& other) {
  // Room for both: nothing has to go here, so that the order of shards does not matter.
  limit_ += other.limit_;
  while (!other.counts_.empty()) {
    auto cell = other.counts_.extract(other.counts_.begin());
    add(std::move(cell.key()), cell.mapped());
  }
  other.octets_ = 0;
  error_ += other.error_;
}

void TopCounter::drop_smaller_half() {
  std::vector<std::uint64_t> counts;
  for (const auto& [value, count] : counts_) counts.push_back(count);
  const auto middle = counts.begin() + static_cast<std::ptrdiff_t>(counts.size() / 2);
  std::nth_element(counts.begin(), middle, counts.end());
  std::erase_if(counts_, [&, threshold = *middle](const auto& cell) {
    if (cell.second > threshold) return false;
    octets_ -= octets_of(cell.first);
    return true;
  });
  error_ += *middle;
}

Measured nothing_measured(const Gauge& gauge) {
  switch (gauge.kind) {
    case Gauge::Kind::count:
    case Gauge::Kind::octets:
      return std::uint64_t{0};
    case Gauge::Kind::distinct:
      return summary::Distinct{};
    case Gauge::Kind::quantiles:
      return summary::Quantiles{};
    case Gauge::Kind::top:
      return TopCounter(gauge.n);
  }
  return std::uint64_t{0};
}

void measure(const Gauge& gauge, Batch& batch, std::size_t packet, Measured& into) {
  switch (gauge.kind) {
    case Gauge::Kind::count:
      ++std::get<std::uint64_t>(into);
      return;
    case Gauge::Kind::octets:
      std::get<std::uint64_t>(into) += batch[packet].message.octets.size();
      return;
    case Gauge::Kind::distinct:
      return with_value(gauge, batch, packet, [&](Octets value) {
        std::get<summary::Distinct>(into).add(util::sketch_hash(value, batch.context().sketch_seed));
      });
    case Gauge::Kind::quantiles:
      if (const auto value = number(gauge, batch, packet)) std::get<summary::Quantiles>(into).add(*value);
      return;
    case Gauge::Kind::top:
      return with_value(gauge, batch, packet,
                        [&](Octets value) { std::get<TopCounter>(into).add(std::string(value.begin(), value.end())); });
  }
}

void absorb(Measured& into, Measured&& from) {
  struct Add {
    Measured& from;
    void operator()(std::uint64_t& number) const { number += std::get<std::uint64_t>(from); }
    void operator()(summary::Distinct& distinct) const { distinct.merge(std::get<summary::Distinct>(from)); }
    void operator()(summary::Quantiles& quantiles) const { quantiles.merge(std::get<summary::Quantiles>(from)); }
    void operator()(TopCounter& top) const { top.absorb(std::move(std::get<TopCounter>(from))); }
  };
  std::visit(Add{from}, into);
}

void lacks(Measured& measured, std::uint64_t messages) {
  if (auto* top = std::get_if<TopCounter>(&measured)) top->lacks(messages);
}

std::size_t octets_of(const Measured& measured) {
  struct Size {
    std::size_t operator()(std::uint64_t) const { return 0; }
    std::size_t operator()(const summary::Distinct& distinct) const { return distinct.octets(); }
    std::size_t operator()(const summary::Quantiles& quantiles) const { return quantiles.octets(); }
    std::size_t operator()(const TopCounter& top) const { return top.octets(); }
  };
  return sizeof measured + std::visit(Size{}, measured);
}

summary::Measure shown(const Gauge& gauge, Measured&& measured, const Context& context) {
  if (const auto* number = std::get_if<std::uint64_t>(&measured)) return *number;
  if (auto* distinct = std::get_if<summary::Distinct>(&measured)) {
    distinct->give_back();
    return std::move(*distinct);
  }
  if (auto* quantiles = std::get_if<summary::Quantiles>(&measured)) return std::move(*quantiles);
  return std::get<TopCounter>(measured).top(
      [&](const std::string& value) { return value_text(gauge.use, value, context); });
}

}  // namespace rata::reduce
