#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <toml++/toml.h>

#include "util/result.h"

namespace rata::settings {

/// Reads the keys of one TOML table into plain fields and remembers the first thing that is wrong, so that the caller
/// can read straight through and ask once. Keys that nobody asked for are refused with the nearest one that exists.
class TableReader {
 public:
  /// `where`: how messages name the table, "[serve]". `file`: the path.
  TableReader(const toml::table& table, std::string file, std::string where)
      : table_(table), file_(std::move(file)), where_(std::move(where)) {}

  /// Text; "" is refused, as an empty list is below: a key that says nothing is left out.
  void text(const char* key, std::string& into);
  void number(const char* key, double& into);
  void number(const char* key, std::optional<double>& into);
  void flag(const char* key, bool& into);
  /// A text or a list of texts. `empty_list`: [] means something.
  void texts(const char* key, std::vector<std::string>& into, bool empty_list = false);

  /// A whole number from `low` to `high`.
  template <typename Int>
  void whole(const char* key, Int& into, std::int64_t low, std::int64_t high) {
    if (const auto value = whole_of(find(key), key, low, high)) into = static_cast<Int>(*value);
  }
  /// A whole number or a list of them.
  template <typename Int>
  void wholes(const char* key, std::vector<Int>& into, std::int64_t low, std::int64_t high) {
    const toml::node* node = find(key);
    if (node == nullptr) return;
    into.clear();
    if (is_empty_list(*node)) return fail_empty(*node, key);
    each(*node, [&](const toml::node& item) {
      if (const auto value = whole_of(&item, key, low, high)) into.push_back(static_cast<Int>(*value));
    });
  }

  /// A table inside this one, or nothing.
  const toml::table* table(const char* key);
  /// The tables of [[key]].
  std::vector<const toml::table*> tables(const char* key);
  /// The node as it is, for values of more than one form.
  const toml::node* find(const char* key);

  void fail(const toml::node& at, const std::string& message);
  /// A reader of a table inside; its error becomes this one's with `adopt`.
  TableReader inner(const toml::table& table, std::string where) const { return {table, file_, std::move(where)}; }
  void adopt(const TableReader& inner) {
    if (!error_) error_ = inner.error_;
  }

  /// The first error, unknown keys included; nothing when all is well. Called when all keys have been read.
  const std::optional<util::Error>& finish();

 private:
  template <typename Use>
  void each(const toml::node& node, Use use) {
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& item : *list) use(item);
    } else {
      use(node);
    }
  }
  static bool is_empty_list(const toml::node& node) { return node.is_array() && node.as_array()->empty(); }
  void fail_empty(const toml::node& at, const char* key);
  std::optional<std::int64_t> whole_of(const toml::node* node, const char* key, std::int64_t low, std::int64_t high);

  const toml::table& table_;
  std::string file_, where_;
  std::vector<std::string> known_;
  std::optional<util::Error> error_;
};

}  // namespace rata::settings
