#include "summary/summary.h"

#include <algorithm>
#include <cmath>

#include "summary/data_json.h"

namespace rata::summary {
namespace {

using Json = nlohmann::ordered_json;

Json json_of_seconds(double seconds) {
  const bool whole = std::abs(seconds) < 1e15 && std::trunc(seconds) == seconds;
  return whole ? Json(static_cast<std::int64_t>(seconds)) : Json(seconds);
}

Json json_of(const Window& window) {
  Json json = {{"start", util::text(window.start)},
               {"seconds", json_of_seconds(window.seconds)},
               {"packets", window.packets},
               {"late", window.late}};
  if (window.unfinished) json["unfinished"] = true;
  return json;
}

Json json_of(const Id& id) { return {{"boot", id.boot}, {"sequence", id.sequence}, {"revision", id.revision}}; }

Json json_of(const Loss& loss, std::uint64_t conflicts) {
  Json json = {{"kernel", loss.kernel},
               {"queue", loss.queue},
               {"malformed", loss.malformed},
               {"left_out", loss.left_out},
               {"key_error", loss.key_error}};
  // Only what there is: captured packets lack nothing but, now and then, a question.
  for (std::size_t i = 0; i < loss.lacking.size(); ++i)
    if (loss.lacking[i] != 0) json["lacking"][std::string(util::name(static_cast<util::Member>(i)))] = loss.lacking[i];
  if (loss.missed != 0) json["missed"] = loss.missed;
  if (conflicts != 0) json["conflicts"] = conflicts;
  return json;
}

// What memory is counted as: the allocator's own octets and its rounding, as it is commonly made.
constexpr std::size_t block_octets = 16;

template <typename T>
std::size_t room_of(const std::vector<T>& items) {
  return items.capacity() == 0 ? 0 : block_octets + items.capacity() * sizeof(T);
}

/// Beside the string itself: a short text lies in it.
std::size_t octets_of(const std::string& text) {
  constexpr std::size_t own_octets = 15;
  return text.capacity() > own_octets ? block_octets + text.capacity() + 1 : 0;
}

std::size_t octets_of(const std::vector<std::string>& texts) {
  std::size_t octets = room_of(texts);
  for (const std::string& text : texts) octets += octets_of(text);
  return octets;
}

std::size_t octets_of(const std::vector<Record>& records) {
  constexpr std::size_t value_octets = 256;  // of a small object of JSON
  std::size_t octets = room_of(records);
  for (const Record& record : records)
    octets += octets_of(record.keys) + (record.json.empty() ? value_octets : octets_of(record.json));
  return octets;
}

/// Beside the struct itself.
struct Octets {
  std::size_t operator()(const Rates& rates) const { return room_of(rates.members); }
  std::size_t operator()(const Counts& counts) const {
    std::size_t octets = octets_of(counts.by) + room_of(counts.rows) + room_of(counts.rest);
    for (const CountRow& row : counts.rows) octets += octets_of(row.keys.octets());
    for (const RestRow& row : counts.rest) octets += octets_of(row.prefix.octets());
    return octets;
  }
  std::size_t operator()(const Records& records) const { return octets_of(records.records); }
  std::size_t operator()(const Top& top) const {
    std::size_t octets = room_of(top.entries);
    for (const Top::Entry& entry : top.entries) octets += octets_of(entry.name);
    return octets;
  }
  std::size_t operator()(const Alone& alone) const {
    return octets_of(alone.alone_queries) + octets_of(alone.alone_answers);
  }
  std::size_t operator()(const Measures& measures) const {
    std::size_t octets = (*this)(measures.counts) + octets_of(measures.names) + room_of(measures.values);
    for (const std::vector<Measure>& values : measures.values) octets += (*this)(values);
    return octets;
  }
  std::size_t operator()(const std::vector<Measure>& values) const {
    std::size_t octets = room_of(values);
    for (const Measure& value : values) octets += std::visit(*this, value);
    return octets;
  }
  std::size_t operator()(std::uint64_t) const { return 0; }
  std::size_t operator()(const Distinct& distinct) const { return distinct.octets(); }
  std::size_t operator()(const Quantiles& quantiles) const { return quantiles.octets(); }
  std::size_t operator()(const Values& values) const { return std::visit(*this, values.root.node); }
  std::size_t operator()(const Map& map) const {
    constexpr std::size_t node_octets = block_octets + 4 * sizeof(void*);  // three neighbours and a colour
    std::size_t octets = map.size() * (node_octets + sizeof(Map::value_type));
    for (const auto& [key, value] : map) octets += octets_of(key) + std::visit(*this, value.node);
    return octets;
  }
  std::size_t operator()(const Items& items) const { return octets_of(items.records); }
  std::size_t operator()(const std::string& text) const { return octets_of(text); }
  std::size_t operator()(const Quantity&) const { return 0; }
  std::size_t operator()(bool) const { return 0; }
  std::size_t operator()(const Nothing&) const { return 0; }
};

std::uint64_t error_of(const Measures& measures) {
  std::uint64_t error = measures.counts.error;
  for (const std::vector<Measure>& values : measures.values)
    for (const Measure& value : values)
      if (const auto* top = std::get_if<Top>(&value)) error = std::max(error, top->error());
  return error;
}

}  // namespace

std::string_view merge_rule(const Data& data) {
  struct Rules {
    std::string_view operator()(const Rates&) const { return "rate"; }
    std::string_view operator()(const Counts&) const { return "sum"; }
    std::string_view operator()(const Records&) const { return "concatenate"; }
    std::string_view operator()(const Top&) const { return "top"; }
    std::string_view operator()(const Alone&) const { return "pair"; }
    std::string_view operator()(const Measures&) const { return "measures"; }
    std::string_view operator()(const Values&) const { return "values"; }
    std::string_view operator()(const Nothing&) const { return "none"; }
  };
  return std::visit(Rules{}, data);
}

nlohmann::ordered_json merge_json(const Data& data) {
  if (const auto* values = std::get_if<Values>(&data)) return shape(*values);
  return merge_rule(data);
}

std::uint64_t left_out(const Data& data) {
  if (const auto* records = std::get_if<Records>(&data)) return records->left_out;
  if (const auto* alone = std::get_if<Alone>(&data)) return alone->left_out;
  if (const auto* values = std::get_if<Values>(&data)) return left_out(*values);
  return 0;
}

std::uint64_t key_error(const Data& data) {
  if (const auto* counts = std::get_if<Counts>(&data)) return counts->error;
  if (const auto* measures = std::get_if<Measures>(&data)) return error_of(*measures);
  if (const auto* top = std::get_if<Top>(&data)) return top->entries.empty() ? top->absent : top->entries.front().extra;
  if (const auto* values = std::get_if<Values>(&data)) return key_error(*values);
  return 0;
}

std::uint64_t conflicts(const Data& data) {
  const auto* values = std::get_if<Values>(&data);
  return values == nullptr ? 0 : conflicts(*values);
}

std::size_t octets_of(const Data& data) { return sizeof data + std::visit(Octets{}, data); }

std::size_t row_octets(const Measures& measures, std::size_t row) {
  const CountRow& counted = measures.counts.rows[row];
  const std::vector<Measure>& values = measures.values[row];
  return sizeof counted + octets_of(counted.keys.octets()) + sizeof values + Octets{}(values);
}

std::string to_json(const Summary& summary, Form form) {
  // Text is UTF-8 by contract. Should some not be, the octets are replaced: one bad name must not lose a window.
  const auto dumped = [](const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); };
  std::string text = dumped({{"type", summary.type}, {"serverId", summary.server}});
  text.back() = ',';
  text += R"("data":)";
  append_data(summary.data, form, text);
  text += dumped({{"version", 1},
                  {"monitor", summary.monitor},
                  {"window", json_of(summary.window)},
                  {"id", json_of(summary.id)},
                  {"loss", json_of(summary.loss, conflicts(summary.data))},
                  {"merge", merge_json(summary.data)}})
              .replace(0, 1, ",");
  if (form == Form::older) return text;
  text.back() = ',';
  text += R"("form":)";
  append_form(summary.data, text);
  text += '}';
  return text;
}

}  // namespace rata::summary
