#include "script/result_octets.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "summary/values.h"
#include "util/cursor.h"

namespace rata::script {
namespace {

using summary::Counts;
using summary::Distinct;
using summary::Items;
using summary::Map;
using summary::Quantiles;
using summary::Quantity;
using summary::Top;

/// Of a list's entry: a table at the last depth that a script may make may be empty.
constexpr int most_entry_depth = most_result_depth + 1;

/// What follows.
enum class Tag : std::uint8_t { quantity, text, flag, distinct, quantiles, top, counts, items, map, none };

/// How deep valid JSON is nested: whoever reads it later goes down level by level.
int depth_of(std::string_view json) {
  int depth = 0, most = 0;
  bool in_text = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    if (in_text) {
      in_text = json[i] != '"';
      if (json[i] == '\\') ++i;
    } else if (json[i] == '"') {
      in_text = true;
    } else if (json[i] == '[' || json[i] == '{') {
      most = std::max(most, ++depth);
    } else if (json[i] == ']' || json[i] == '}') {
      --depth;
    }
  }
  return most;
}

/// It will stand in a line of others as it is: nothing but JSON, and on one line. To the parser a zero octet is an end.
bool is_entry(std::string_view json) {
  const bool on_one_line =
      std::ranges::none_of(json, [](char octet) { return static_cast<unsigned char>(octet) < ' '; });
  return on_one_line && nlohmann::json::accept(json) && depth_of(json) <= most_entry_depth;
}

class Writer {
 public:
  explicit Writer(std::vector<std::uint8_t>& out) : out_(out) {}

  void u8(std::uint8_t value) { out_.push_back(value); }
  void u16(std::uint16_t value) { big_endian(value, 2); }
  void u32(std::size_t value) { big_endian(value, 4); }
  void u64(std::uint64_t value) { big_endian(value, 8); }
  void text(std::string_view text) {
    u32(text.size());
    out_.insert(out_.end(), text.begin(), text.end());
  }
  template <typename Texts>
  void texts(const Texts& all) {
    u32(all.size());
    for (const std::string_view one : all) text(one);
  }

  void operator()(const Quantity& quantity) {
    u8(static_cast<std::uint8_t>(quantity.rule));
    u64(static_cast<std::uint64_t>(quantity.number.whole()));
    u32(quantity.number.millionths());
  }
  void operator()(const std::string& one) { text(one); }
  void operator()(bool flag) { u8(flag ? 1 : 0); }
  void operator()(const Distinct& distinct) {
    std::size_t count = 0;
    distinct.each_register([&](std::uint16_t, std::uint8_t) { ++count; });
    u32(count);
    distinct.each_register([&](std::uint16_t place, std::uint8_t rank) {
      u16(place);
      u8(rank);
    });
  }
  void operator()(const Quantiles& quantiles) {
    std::size_t count = 0;
    quantiles.each_bucket([&](std::uint16_t, std::uint64_t) { ++count; });
    u64(quantiles.max());
    u32(count);
    quantiles.each_bucket([&](std::uint16_t bucket, std::uint64_t values) {
      u16(bucket);
      u64(values);
    });
  }
  void operator()(const Top& top) {
    u64(top.limit);
    u64(top.absent);
    u32(top.entries.size());
    for (const Top::Entry& entry : top.entries) {
      text(entry.name);
      u64(entry.count);
      u64(entry.extra);
    }
  }
  void operator()(const Counts& counts) {
    texts(counts.by);
    u64(counts.error);
    u32(counts.rows.size());
    for (const summary::CountRow& row : counts.rows) {
      texts(row.keys);
      u64(row.count);
    }
    u32(counts.rest.size());
    for (const summary::RestRow& rest : counts.rest) {
      texts(rest.prefix);
      u64(rest.keys);
      u64(rest.count);
      u64(rest.most);
    }
  }
  void operator()(const Items& items) {
    u64(items.left_out);
    u32(items.records.size());
    for (const summary::Record& record : items.records) text(record.json);
  }
  void operator()(const Map& map) {
    u32(map.size());
    for (const auto& [key, value] : map) {
      text(key);
      value_of(value);
    }
  }

  void value_of(const summary::Value& value) {
    u8(static_cast<std::uint8_t>(value.node.index()));
    std::visit(*this, value.node);
  }

 private:
  void big_endian(std::uint64_t value, unsigned octets) {
    for (unsigned i = octets; i-- > 0;) out_.push_back(static_cast<std::uint8_t>(value >> 8 * i));
  }

  std::vector<std::uint8_t>& out_;
};

/// Whatever is wrong makes the cursor fail, and then nothing remains.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> octets) : cursor_(octets) {}

  bool ok() const { return cursor_.ok(); }
  bool at_end() const { return cursor_.remaining() == 0; }

  summary::Value value(int depth) {
    if (depth > most_result_depth) return fail(summary::Value{});
    switch (static_cast<Tag>(cursor_.u8())) {
      case Tag::quantity:
        return quantity();
      case Tag::text:
        return text();
      case Tag::flag:
        return cursor_.u8() != 0;
      case Tag::distinct:
        return distinct();
      case Tag::quantiles:
        return quantiles();
      case Tag::top:
        return top();
      case Tag::counts:
        return counts();
      case Tag::items:
        return items();
      case Tag::map:
        return map(depth);
      case Tag::none:
        break;
    }
    return fail(summary::Value{});
  }

 private:
  template <typename T>
  T fail(T nothing) {
    cursor_.fail();
    return nothing;
  }

  /// A number of things that take `least` octets each: no more than can be there.
  std::size_t count(std::size_t least) {
    const std::size_t claimed = cursor_.u32();
    if (claimed > cursor_.remaining() / least) return fail(std::size_t{0});
    return claimed;
  }
  /// Text is UTF-8 by contract; whoever writes it replaces what is not.
  std::string text() {
    const auto octets = cursor_.take(cursor_.u32());
    return {octets.begin(), octets.end()};
  }
  std::vector<std::string> texts() {
    std::vector<std::string> all;
    for (std::size_t left = count(sizeof(std::uint32_t)); left > 0; --left) all.push_back(text());
    return all;
  }

  Quantity quantity() {
    const std::uint8_t rule = cursor_.u8();
    const auto whole = static_cast<std::int64_t>(cursor_.u64());
    const auto number = summary::Number::from_parts(whole, cursor_.u32());
    if (!number || rule > static_cast<std::uint8_t>(summary::Rule::min)) return fail(Quantity{});
    return {*number, static_cast<summary::Rule>(rule)};
  }

  Distinct distinct() {
    Distinct made;
    for (std::size_t left = count(3); left > 0; --left) {
      const std::uint16_t place = cursor_.u16();
      if (!made.raise_checked(place, cursor_.u8())) return fail(Distinct{});
    }
    return made;
  }

  Quantiles quantiles() {
    Quantiles made;
    const std::uint64_t max = cursor_.u64();
    for (std::size_t left = count(10); left > 0; --left) {
      const std::uint16_t bucket = cursor_.u16();
      if (!made.add_bucket(bucket, cursor_.u64())) return fail(Quantiles{});
    }
    return made.set_max(max) ? made : fail(Quantiles{});
  }

  /// Ascending and each once, as merging wants it.
  Top top() {
    Top made{.limit = cursor_.u64()};
    made.absent = cursor_.u64();
    for (std::size_t left = count(20); left > 0; --left) {
      Top::Entry entry{.name = text(), .count = cursor_.u64(), .extra = cursor_.u64()};
      if (!made.entries.empty() && !(made.entries.back().name < entry.name)) return fail(Top{});
      made.entries.push_back(std::move(entry));
    }
    return made;
  }

  Counts counts() {
    Counts made{.by = texts(), .error = cursor_.u64()};
    for (std::size_t left = count(12); left > 0; --left) {
      summary::CountRow row{.keys = texts(), .count = cursor_.u64()};
      if (row.keys.size() != made.by.size()) return fail(Counts{});
      if (!made.rows.empty() && !(made.rows.back().keys < row.keys)) return fail(Counts{});
      made.rows.push_back(std::move(row));
    }
    for (std::size_t left = count(28); left > 0; --left) {
      summary::RestRow rest{.prefix = texts(), .keys = cursor_.u64(), .count = cursor_.u64(), .most = cursor_.u64()};
      if (rest.prefix.size() >= made.by.size()) return fail(Counts{});
      made.rest.push_back(std::move(rest));
    }
    return made;
  }

  Items items() {
    Items made{.left_out = cursor_.u64()};
    for (std::size_t left = count(sizeof(std::uint32_t)); left > 0; --left) {
      summary::Record record{.ordinal = made.records.size(), .json = text()};
      if (!is_entry(record.json)) return fail(Items{});
      made.records.push_back(std::move(record));
    }
    return made;
  }

  Map map(int depth) {
    Map made;
    for (std::size_t left = count(5); left > 0; --left) {
      std::string key = text();
      if (!made.empty() && !(made.rbegin()->first < key)) return fail(Map{});
      made.emplace_hint(made.end(), std::move(key), value(depth + 1));
    }
    return made;
  }

  util::Cursor cursor_;
};

}  // namespace

void append_result(const summary::Data& data, std::vector<std::uint8_t>& out) {
  Writer writer(out);
  if (const auto* values = std::get_if<summary::Values>(&data)) return writer.value_of(values->root);
  if (const auto* counts = std::get_if<Counts>(&data)) return writer.value_of(*counts);
  if (const auto* top = std::get_if<Top>(&data)) return writer.value_of(*top);
  writer.u8(static_cast<std::uint8_t>(Tag::none));
}

std::optional<summary::Data> read_result(std::span<const std::uint8_t> octets) {
  if (octets.size() == 1 && octets[0] == static_cast<std::uint8_t>(Tag::none)) return summary::Data{summary::Nothing{}};
  Reader reader(octets);
  summary::Value value = reader.value(0);
  if (!reader.ok() || !reader.at_end()) return std::nullopt;
  // What the built-in reducers have a form for takes that form: it merges with theirs, and reads as theirs.
  if (auto* counts = std::get_if<Counts>(&value.node)) return summary::Data{std::move(*counts)};
  if (auto* top = std::get_if<Top>(&value.node)) return summary::Data{std::move(*top)};
  return summary::Data{summary::Values{.root = std::move(value)}};
}

}  // namespace rata::script
