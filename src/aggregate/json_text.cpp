#include "aggregate/json_text.h"

#include <charconv>

namespace rata::aggregate {
namespace {

template <typename Number>
void append_number(std::string& out, Number value) {
  char digits[32];
  const auto [end, error] = std::to_chars(digits, digits + sizeof digits, value);
  out.append(digits, end);
}

void append_escaped(std::string& out, char letter) {
  static constexpr char hex[] = "0123456789abcdef";
  const auto code = static_cast<unsigned char>(letter);
  if (letter == '"' || letter == '\\') {
    out += '\\';
    out += letter;
  } else if (code < 0x20) {
    out += "\\u00";
    out += hex[code >> 4];
    out += hex[code & 15];
  } else {
    out += letter;
  }
}

}  // namespace

void JsonText::comma() {
  if (!out_.empty() && out_.back() != '{' && out_.back() != '[' && out_.back() != ':') out_ += ',';
}

JsonText& JsonText::open(char bracket) {
  comma();
  out_ += bracket;
  return *this;
}

JsonText& JsonText::close(char bracket) {
  out_ += bracket;
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  text(name);
  out_ += ':';
  return *this;
}

JsonText& JsonText::text(std::string_view value) {
  comma();
  out_ += '"';
  for (const char letter : value) append_escaped(out_, letter);
  out_ += '"';
  return *this;
}

JsonText& JsonText::number(std::uint64_t value) {
  comma();
  append_number(out_, value);
  return *this;
}

JsonText& JsonText::number(std::int64_t value) {
  comma();
  append_number(out_, value);
  return *this;
}

JsonText& JsonText::number(double value) {
  comma();
  append_number(out_, value);
  return *this;
}

JsonText& JsonText::decimal(double value) {
  const std::size_t start = out_.size();
  number(value);
  if (out_.find_first_of(".e", start) == std::string::npos) out_ += ".0";
  return *this;
}

JsonText& JsonText::null() { return raw("null"); }

JsonText& JsonText::raw(std::string_view json) {
  comma();
  out_ += json;
  return *this;
}

}  // namespace rata::aggregate
