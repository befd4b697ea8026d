#include "serve/address_mask.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "util/address.h"

namespace rata::serve {
namespace {

constexpr std::size_t longest_address = 45;  // "0000:0000:0000:0000:0000:ffff:255.255.255.255"

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

/// Cheap: most strings are names.
bool may_be_address(std::string_view text) {
  if (text.size() < 2 || text.size() > longest_address) return false;
  return std::ranges::all_of(text, [](char c) { return is_hex(c) || c == '.' || c == ':'; });
}

std::optional<util::Address> address_of(std::string_view text) {
  if (!may_be_address(text)) return std::nullopt;
  std::array<char, longest_address + 1> terminated{};
  std::ranges::copy(text, terminated.begin());
  util::Address address;
  if (inet_pton(AF_INET, terminated.data(), address.octets.data()) == 1) return address;
  address.v6 = true;
  if (inet_pton(AF_INET6, terminated.data(), address.octets.data()) == 1) return address;
  return std::nullopt;
}

/// "192.0.2.0/24": 24. Nothing: it says none.
std::optional<int> bits_of(std::string_view network, std::size_t slash) {
  int bits = 0;
  const char* const end = network.data() + network.size();
  const char* const begin = network.data() + std::min(slash + 1, network.size());
  const auto [rest, fault] = std::from_chars(begin, end, bits);
  return fault == std::errc() && rest == end ? std::optional(bits) : std::nullopt;
}

constexpr int ipv4_bits = 24, ipv6_bits = 48;

void keep_bits(util::Address& address) {
  const int kept = (address.v6 ? ipv6_bits : ipv4_bits) / 8;
  std::fill(address.octets.begin() + kept, address.octets.end(), std::uint8_t{0});
}

enum class Digits : std::uint8_t { may_be_address, are_none };

/// Nothing: the token is no address and no network.
std::optional<std::string> masked_token(std::string_view token, Digits digits, Visibility visibility) {
  // Of a network too: it may be smaller than what may be seen.
  const std::size_t slash = std::min(token.find('/'), token.size());
  std::optional<util::Address> address = address_of(token.substr(0, slash));
  if (!address && digits == Digits::may_be_address) address = util::address_from_hex(token.substr(0, slash));
  if (!address) return std::nullopt;
  if (visibility == Visibility::none) return "hidden";
  const int most_bits = address->v6 ? ipv6_bits : ipv4_bits;
  const auto whole = address->octets;
  keep_bits(*address);
  const bool tells_no_more = whole == address->octets && bits_of(token, slash).value_or(most_bits) < most_bits;
  return tells_no_more ? std::string(token) : fmt::format("{}/{}", util::text(*address), most_bits);
}

/// Appends the token. What is no address as a whole may be several, or one with a port: "192.0.2.1:53".
void append_masked(std::string& masked, std::string_view token, Digits digits, Visibility visibility,
                   std::string_view separators = "/:") {
  if (const auto whole = masked_token(token, digits, visibility)) {
    masked += *whole;
  } else if (separators.empty() || token.find_first_of(separators) == std::string_view::npos) {
    masked += token;
  } else {
    for (std::size_t at = 0; at <= token.size();) {
      const std::size_t end = std::min(token.find(separators.front(), at), token.size());
      append_masked(masked, token.substr(at, end - at), Digits::are_none, visibility, separators.substr(1));
      if (end < token.size()) masked += separators.front();
      at = end + 1;
    }
  }
}

bool in_token(char c) { return is_hex(c) || c == '.' || c == ':' || c == '/'; }

using Json = nlohmann::ordered_json;

void add(Json& into, const Json& from) { into = into.get<std::uint64_t>() + from.get<std::uint64_t>(); }

/// Adds a row to another one: its count, and its parts where it has some.
void add_row(Json& into, Json&& from, const std::string& count) {
  add(into[count], from[count]);
  if (!from.contains("parts")) return;
  for (Json& part : from["parts"]) into["parts"].push_back(std::move(part));
  for (const std::string& member : {std::string("keys"), count})
    add(into["parts_rest"][member], from["parts_rest"][member]);
}

/// Masks the keys of rows, or of the parts of one, and makes those that are equal one. True: a key is another now.
bool mask_rows(Json& rows, const std::string& count, Visibility visibility) {
  bool is_other = false;
  std::map<std::string, Json> by_key;
  for (Json& row : rows) {
    const std::string key = masked_addresses(row["key"].get_ref<const std::string&>(), visibility);
    is_other = is_other || key != row["key"];
    row["key"] = key;
    const auto [known, is_new] = by_key.try_emplace(key);
    if (is_new)
      known->second = std::move(row);
    else
      add_row(known->second, std::move(row), count);
  }
  Json::array_t sorted;
  for (auto& [key, row] : by_key) sorted.push_back(std::move(row));
  std::ranges::stable_sort(sorted, std::ranges::greater(),
                           [&](const Json& row) { return row[count].get<std::uint64_t>(); });
  rows = std::move(sorted);
  return is_other;
}

double share_of(const Json& count, const Json& total) {
  const double percent = 100.0 * count.get<double>() / total.get<double>();
  return std::round(percent * 1e4) / 1e4;
}

void mask_table(Json& view, Visibility visibility) {
  const std::string count = view["rest"].contains("queries") ? "queries" : "count";
  Json& rows = view["rows"];
  const std::size_t before = rows.size();
  const bool is_other = mask_rows(rows, count, visibility);
  for (Json& row : rows) {
    if (row.contains("parts")) mask_rows(row["parts"], count, visibility);
    if (rows.size() < before) row["share"] = share_of(row[count], view["total"]);
  }
  if (!is_other) return;
  // What is not shown may have become the same, too.
  view["distinct"] = view["distinct"].get<std::uint64_t>() - (before - rows.size());
  view["distinct_is_bound"] = true;
}

}  // namespace

std::string masked_addresses(std::string_view text, Visibility visibility) {
  if (visibility == Visibility::full) return std::string(text);
  std::string masked;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = at;
    while (end < text.size() && in_token(text[end])) ++end;
    if (end == at) {
      masked += text[at++];
      continue;
    }
    const bool stands_alone = (at == 0 || text[at - 1] == ' ') && (end == text.size() || text[end] == ' ');
    append_masked(masked, text.substr(at, end - at), stands_alone ? Digits::may_be_address : Digits::are_none,
                  visibility);
    at = end;
  }
  return masked;
}

std::optional<std::string> masked_view(std::string json, Visibility visibility) {
  constexpr std::string_view table = R"("kind":"table")";
  if (visibility == Visibility::full || json.find(table) == std::string::npos) return json;
  Json view = Json::parse(json, nullptr, false);
  if (view.is_discarded()) return std::nullopt;
  if (view["kind"] != "table") return json;  // but something in it looked like that
  mask_table(view, visibility);
  return view.dump();
}

}  // namespace rata::serve
