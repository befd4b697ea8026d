#pragma once

#include <nlohmann/json.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "summary/summary.h"

namespace rata::summary {

// What the files that write `data` share.

/// Appended without the search for an equal key that `operator[]` makes: with sorted keys there is none, and a table of
/// n rows would take n * n comparisons.
nlohmann::ordered_json& append(nlohmann::ordered_json::object_t& object, std::string_view key,
                               nlohmann::ordered_json value);
/// What a text says, in a time that its length bounds: reading it, nlohmann::ordered_json compares each key of an
/// object with all before it. Nothing: it is no JSON.
std::optional<nlohmann::ordered_json> json_in(const std::string& text);
std::string dumped(const nlohmann::ordered_json& json);

nlohmann::ordered_json json_of(const Counts& counts);
/// {"error": 3, "top": [["www.example.", 9]]}
nlohmann::ordered_json json_with_error(const Top& top);
nlohmann::ordered_json json_of(const Values& values, Form form);
nlohmann::ordered_json json_of(const Distinct& distinct, Form form);
nlohmann::ordered_json json_of(const Quantiles& quantiles, Form form);

nlohmann::ordered_json plain_list(const std::vector<Record>& records);
/// What `plain_list` makes, as text: a tree of a hundred thousand records would take ten times their room.
void append_list(const std::vector<Record>& records, std::string& text);
/// The same of values.
void append_values(const Values& values, Form form, std::string& text);

/// What `to_json` appends beside `data` so that it can be read back: the member `form`, as text.
void append_form(const Data& data, std::string& text);
/// `RestRow::most` of each cut in the order in which the cuts stand in `data`, null for a map that only looks cut since
/// its last two keys are called so. Null: all are 0, and none looks so. `numbers`: rows end in numbers.
nlohmann::ordered_json most_of_rests(const Counts& counts, bool numbers);

}  // namespace rata::summary
