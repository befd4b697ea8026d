#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace rata::aggregate {

/// JSON written straight into a text, commas set where they belong. The caller keeps brackets and keys in order.
class JsonText {
 public:
  JsonText& open(char bracket);
  JsonText& close(char bracket);
  JsonText& key(std::string_view name);
  JsonText& text(std::string_view value);
  JsonText& number(std::uint64_t value);
  JsonText& number(std::int64_t value);
  JsonText& number(unsigned value) { return number(std::uint64_t{value}); }
  /// The shortest digits that read back as `value`; whole ones without decimal point.
  JsonText& number(double value);
  /// The same, but always with a decimal point, as the older aggregator has it.
  JsonText& decimal(double value);
  JsonText& null();
  /// What is JSON already.
  JsonText& raw(std::string_view json);

  std::string take() { return std::move(out_); }

 private:
  void comma();

  std::string out_;
};

}  // namespace rata::aggregate
