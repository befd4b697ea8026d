#include "settings/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <sstream>

#include "settings/key_homes.h"
#include "util/nearest.h"

namespace rata::settings {
namespace {

std::string shown(const toml::node& node) {
  std::ostringstream out;
  node.visit([&](const auto& value) { out << value; });
  const std::string text = out.str();
  return text.size() <= 60 ? text : text.substr(0, 57) + "...";
}

}  // namespace

const toml::node* TableReader::find(const char* key) {
  known_.emplace_back(key);
  return table_.get(key);
}

void TableReader::fail(const toml::node& at, const std::string& message) {
  if (!error_) error_ = util::Error{fmt::format("{}:{}: {}: {}", file_, at.source().begin.line, where_, message)};
}

void TableReader::text(const char* key, std::string& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto value = node->value_exact<std::string>(); value && value->empty())
    fail_empty(*node, key);
  else if (value)
    into = *value;
  else
    fail(*node, fmt::format("{} is {}, it has to be text in quotation marks", key, shown(*node)));
}

void TableReader::number(const char* key, double& into) {
  std::optional<double> value;
  number(key, value);
  if (value) into = *value;
}

void TableReader::number(const char* key, std::optional<double>& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto value = node->value<double>(); value && node->is_number() && std::isfinite(*value))
    into = *value;
  else
    fail(*node, fmt::format("{} is {}, it has to be a finite number", key, shown(*node)));
}

void TableReader::flag(const char* key, bool& into) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  if (const auto value = node->value_exact<bool>())
    into = *value;
  else
    fail(*node, fmt::format("{} is {}, it has to be true or false", key, shown(*node)));
}

void TableReader::texts(const char* key, std::vector<std::string>& into, bool empty_list) {
  const toml::node* node = find(key);
  if (node == nullptr) return;
  into.clear();
  if (is_empty_list(*node) && !empty_list) return fail_empty(*node, key);
  each(*node, [&](const toml::node& item) {
    if (const auto value = item.value_exact<std::string>(); value && value->empty())
      fail(item, fmt::format("{}: \"\" names nothing", key));
    else if (value)
      into.push_back(*value);
    else
      fail(item, fmt::format("{} holds {}, it has to be text or a list of texts", key, shown(item)));
  });
}

void TableReader::fail_empty(const toml::node& at, const char* key) {
  fail(at, fmt::format("{} is empty; give it something, or leave the key out", key));
}

std::optional<std::int64_t> TableReader::whole_of(const toml::node* node, const char* key, std::int64_t low,
                                                  std::int64_t high) {
  if (node == nullptr) return std::nullopt;
  const auto value = node->value_exact<std::int64_t>();
  if (value && *value >= low && *value <= high) return value;
  fail(*node, fmt::format("{} is {}, it has to be a whole number from {} to {}", key, shown(*node), low, high));
  return std::nullopt;
}

const toml::table* TableReader::table(const char* key) {
  const toml::node* node = find(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) fail(*node, fmt::format("{} is {}, it has to be a table", key, shown(*node)));
  return node->as_table();
}

std::vector<const toml::table*> TableReader::tables(const char* key) {
  std::vector<const toml::table*> tables;
  const toml::node* node = find(key);
  if (node == nullptr) return tables;
  if (!node->is_array_of_tables() && !(node->is_array() && node->as_array()->empty()))
    fail(*node, fmt::format("{0} has to be a list of tables: [[{0}]]", key));
  else
    for (const toml::node& item : *node->as_array()) tables.push_back(item.as_table());
  return tables;
}

const std::optional<util::Error>& TableReader::finish() {
  for (const auto& [key, node] : table_) {
    const std::string name(key.str());
    if (std::ranges::find(known_, name) != known_.end()) continue;
    std::ranges::sort(known_);
    const std::string home = key_home(name, where_);
    fail(node, home.empty()
                   ? util::no_such("key", name, known_)
                   : fmt::format("there is no key \"{}\" here; {}. Here are: {}", name, home, fmt::join(known_, ", ")));
    break;
  }
  return error_;
}

}  // namespace rata::settings
