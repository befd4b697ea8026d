#include "script/host/natives.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <lua.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "reduce/geography.h"
#include "reduce/key_maker.h"
#include "reduce/prefixes.h"
#include "script/host/last_words.h"
#include "script/mailbox.h"
#include "util/address.h"

namespace rata::script {
namespace {

std::uint32_t number_of(ValueError error) { return static_cast<std::uint32_t>(error); }

std::optional<util::Address> address_from(std::string_view text) {
  const std::string copy(text);
  std::array<std::uint8_t, 16> octets;
  if (inet_pton(AF_INET, copy.c_str(), octets.data()) == 1) return util::Address::v4_from(octets.data());
  if (inet_pton(AF_INET6, copy.c_str(), octets.data()) == 1) return util::Address::v6_from(octets.data());
  return std::nullopt;
}

/// From 0 to `most`; what is no number is 0.
unsigned bounded(double number, unsigned most) {
  return number > 0 ? static_cast<unsigned>(std::min(number, static_cast<double>(most))) : 0;
}

std::optional<std::uint64_t> times_of(double times) {
  constexpr double most = 1e12;  // so that it takes eighteen million of them to come to the end of 64 bits
  if (times == 1) return 1;
  if (!(times >= 0) || times > most || times != std::floor(times)) return std::nullopt;
  return static_cast<std::uint64_t>(times);
}

/// Octets that stand for themselves in a name's text (dns::append_text has the others).
constexpr auto is_plain = [] {
  std::array<std::uint8_t, 256> plain{};
  for (int octet = '!'; octet <= '~'; ++octet) plain[static_cast<std::size_t>(octet)] = 1;
  for (const char special : std::string_view("\"$().;@\\")) plain[static_cast<unsigned char>(special)] = 0;
  return plain;
}();

/// A name's text is its wire form from the second octet on, with dots for lengths; that is 15 ns instead of 70. Returns
/// its size; 0: some octet does not stand for itself, or it is the root.
std::uint32_t plain_name_text(const std::uint8_t* wire, std::size_t size, char* room) {
  if (size < 2) return 0;
  std::memcpy(room, wire + 1, size - 1);
  for (std::size_t at = wire[0]; at < size - 1; at += 1u + wire[at + 1]) room[at] = '-';
  unsigned plain = 1;
  for (std::size_t i = 0; i < size - 1; ++i) plain &= is_plain[static_cast<unsigned char>(room[i])];
  if (plain == 0) return 0;
  for (std::size_t at = wire[0]; at < size - 1; at += 1u + wire[at + 1]) room[at] = '.';
  return static_cast<std::uint32_t>(size - 1);
}

bool is_name(const reduce::Dimension& dimension) {
  static const auto text_of_names = reduce::find_dimension("qname")->key_text;
  return dimension.key_text == text_of_names;
}

/// Shannon's, in bits an octet.
double entropy_of(std::string_view text) {
  std::array<std::uint32_t, 256> counts{};
  for (const char one : text) ++counts[static_cast<unsigned char>(one)];
  double sum = 0;
  const auto size = static_cast<double>(text.size());
  for (const std::uint32_t count : counts)
    if (count != 0) sum -= count / size * std::log2(count / size);
  return text.empty() ? 0 : std::max(sum, 0.0);
}

/// A name's last labels begin there. In presentation form every dot that is written so parts labels.
std::size_t last_labels(std::string_view name, double wanted) {
  std::size_t end = name.ends_with('.') ? name.size() - 1 : name.size();
  if (!(wanted >= 1)) return end;
  for (; wanted >= 1; --wanted) {
    const std::size_t dot = end == 0 ? std::string_view::npos : name.rfind('.', end - 1);
    if (dot == std::string_view::npos) return 0;
    end = dot;
  }
  return end + 1;
}

}  // namespace

/// The functions of native.h.
struct Natives::Functions {
  static Natives& it() { return Natives::get(); }

  static std::uint32_t key_text(std::uint32_t field, std::uint32_t at) {
    const Columns::Column& column = (*it().columns_)[field];
    const rata_octets& octets = column.octets[at];
    if (is_name(*column.field.use.dimension))
      if (const auto size =
              plain_name_text(reinterpret_cast<const std::uint8_t*>(octets.octets), octets.size, it().room_.data()))
        return size;
    const reduce::Look look{it().context_, column.field.use.argument};
    return it().put(column.field.use.dimension->key_text(
        {reinterpret_cast<const std::uint8_t*>(octets.octets), octets.size}, look));
  }
  static std::uint32_t code_text(std::uint32_t field, std::uint32_t code) {
    const Field& of = (*it().columns_)[field].field;
    return it().put(of.use.dimension->code_text(code, {it().context_, of.use.argument}));
  }

  static std::uint32_t make(std::uint32_t kind, const std::uint8_t* fields, std::uint32_t count, const double* limits,
                            double cells) {
    constexpr std::array makers = {make_counter, make_top_k, make_distinct, make_quantiles};
    ValueOptions options{.fields = {fields, fields + count}};
    if (count > reduce::KeyMaker::max_dimensions)
      return it().refuse(fmt::format("by {} fields or fewer", reduce::KeyMaker::max_dimensions));
    for (const std::size_t field : options.fields)
      if (it().columns_->all()[field].field.form == Field::Form::time) return it().refuse("time is no key");
    for (std::size_t i = 0; i < options.limits.size(); ++i)
      options.limits[i] = bounded(limits[i], std::numeric_limits<std::int32_t>::max());
    options.cells = bounded(cells, 100'000'000);
    if (it().free_.empty() && it().values_.size() >= most_values)
      return it().refuse(fmt::format("there are {} values in a window already", most_values));
    auto made = makers[kind - 1](options, {*it().columns_, it().context_, it().budget()});
    if (!made) return it().refuse(made.error().message);
    if (it().free_.empty()) {
      it().values_.push_back(nullptr);
      it().free_.push_back(static_cast<std::uint32_t>(it().values_.size() - 1));
    }
    const std::uint32_t handle = it().free_.back();
    it().free_.pop_back();
    it().values_[handle] = std::move(*made);
    it().by_window_[it().window_].push_back(handle);
    return handle;
  }

  static std::uint32_t add_message(std::uint32_t handle, std::uint32_t at, double times) {
    Value* const value = it().value(handle);
    if (value == nullptr) return number_of(ValueError::gone);
    if (at >= Columns::most_messages) return number_of(ValueError::no_message);
    const auto whole = times_of(times);
    if (!whole) return number_of(ValueError::bad_times);
    if (!std::exchange(value->waits, true)) it().touched_.push_back(handle);
    return number_of(value->add_message(at, *whole));
  }
  static std::uint32_t add_text(std::uint32_t handle, const char* text, std::size_t size, double times) {
    Value* const value = it().value(handle);
    if (value == nullptr) return number_of(ValueError::gone);
    const auto whole = times_of(times);
    if (!whole) return number_of(ValueError::bad_times);
    return number_of(value->add_text({text, size}, *whole));
  }
  static std::uint32_t add_number(std::uint32_t handle, double number) {
    Value* const value = it().value(handle);
    return number_of(value == nullptr ? ValueError::gone : value->add_number(number));
  }
  static std::uint32_t merge(std::uint32_t handle, std::uint32_t from) {
    Value* const value = it().value(handle);
    Value* const other = it().value(from);
    if (value == nullptr || other == nullptr) return number_of(ValueError::gone);
    return number_of(value->merge(*other));
  }

  static double count_of(std::uint32_t handle, const char* text, std::size_t size) {
    Value* const value = it().value(handle);
    return value == nullptr ? 0 : value->count_of({text, size});
  }
  static double total(std::uint32_t handle) {
    Value* const value = it().value(handle);
    return value == nullptr ? 0 : value->total();
  }
  static double quantile(std::uint32_t handle, double share) {
    Value* const value = it().value(handle);
    return value == nullptr ? 0 : value->quantile(share);
  }
  static std::uint32_t rank(std::uint32_t handle, double most) {
    Value* const value = it().value(handle);
    it().ranked_.clear();
    if (value != nullptr) it().ranked_ = value->rank(bounded(most, std::numeric_limits<std::int32_t>::max()));
    return static_cast<std::uint32_t>(it().ranked_.size());
  }
  static std::uint32_t ranked_text(std::uint32_t place) {
    return place < it().ranked_.size() ? it().put(it().ranked_[place].text) : 0;
  }
  static double ranked_count(std::uint32_t place) {
    return place < it().ranked_.size() ? static_cast<double>(it().ranked_[place].count) : 0;
  }

  static std::uint32_t levels_start(const char* name, std::size_t size, double levels) {
    return static_cast<std::uint32_t>(last_labels({name, size}, levels));
  }
  /// What is no address, since it was made anonymous, is its own network.
  static std::uint32_t prefix(const char* text, std::size_t size, double ipv4_bits, double ipv6_bits) {
    const auto address = address_from({text, size});
    if (!address) return it().put({text, size});
    constexpr unsigned most_v4 = 32, most_v6 = 128;
    const unsigned bits = address->v6 ? bounded(ipv6_bits, most_v6) : bounded(ipv4_bits, most_v4);
    return it().put(fmt::format("{}/{}", util::text(reduce::masked(*address, bits)), bits));
  }
  static std::uint32_t code(const reduce::Geography* database, std::string_view text) {
    if (database == nullptr || it().addresses_are_hidden_) return reduce::Geography::unknown;
    const auto address = address_from(text);
    return address ? database->code(*address) : reduce::Geography::unknown;
  }
  static std::uint32_t country(const char* text, std::size_t size) {
    return it().put(reduce::country_text(code(it().context_.countries.get(), {text, size})));
  }
  static std::uint32_t asn(const char* text, std::size_t size) {
    return it().put(reduce::network_text(code(it().context_.networks.get(), {text, size})));
  }
  static double entropy(const char* text, std::size_t size) { return entropy_of({text, size}); }

  static void note_code(double address, double octets, const char* place, std::size_t size) {
    expect_hangs_in_code(static_cast<std::uintptr_t>(address), static_cast<std::size_t>(octets), {place, size});
  }

  static void print(const char* text, std::size_t size) {
    constexpr std::size_t most_lines = 100, most_octets = 400;
    if (it().mailbox_ == nullptr || it().printed_ > most_lines) return;
    const bool last = it().printed_++ == most_lines;
    it().mailbox_->send(LetterKind::print,
                        last ? "(further lines are not shown)" : std::string_view(text, std::min(size, most_octets)));
  }
};

Natives& Natives::get() {
  static Natives* const natives = new Natives;
  return *natives;
}

Natives::Natives() : room_(room_octets) {
  values_.push_back(nullptr);
  functions_ = {.key_text = Functions::key_text,
                .code_text = Functions::code_text,
                .room = room_.data(),
                .make = Functions::make,
                .room_size = 0,
                .add_message = Functions::add_message,
                .add_text = Functions::add_text,
                .add_number = Functions::add_number,
                .merge = Functions::merge,
                .count_of = Functions::count_of,
                .total = Functions::total,
                .quantile = Functions::quantile,
                .rank = Functions::rank,
                .ranked_text = Functions::ranked_text,
                .ranked_count = Functions::ranked_count,
                .levels_start = Functions::levels_start,
                .prefix = Functions::prefix,
                .country = Functions::country,
                .asn = Functions::asn,
                .entropy = Functions::entropy,
                .print = Functions::print,
                .note_code = Functions::note_code};
}

std::uint32_t Natives::put(std::string_view text) {
  const std::size_t size = std::min(text.size(), room_.size());
  std::memcpy(room_.data(), text.data(), size);
  return static_cast<std::uint32_t>(size);
}

std::uint32_t Natives::refuse(std::string why) {
  functions_.room_size = put(why);
  return 0;
}

/// A quarter of the memory that the script may have: a table that grows is there twice for a moment, and Lua wants
/// some.
reduce::Budget* Natives::budget() {
  auto& budget = budgets_[window_];
  if (budget == nullptr) budget = std::make_unique<reduce::Budget>(values_octets_);
  return budget.get();
}

void Natives::end_batch(bool settle) {
  for (const std::uint32_t handle : touched_)
    if (Value* const touched = value(handle)) {
      touched->flush();
      touched->waits = false;
    }
  touched_.clear();
  if (settle)
    if (const auto budget = budgets_.find(window_); budget != budgets_.end()) budget->second->settle();
}

void Natives::leave(std::uint32_t window) {
  for (const std::uint32_t handle : by_window_[window]) {
    values_[handle] = nullptr;
    free_.push_back(handle);
  }
  by_window_.erase(window);
  budgets_.erase(window);
}

std::optional<summary::Data> Natives::data(std::uint32_t handle) {
  Value* const asked = value(handle);
  if (asked == nullptr) return std::nullopt;
  return asked->data();
}

}  // namespace rata::script
