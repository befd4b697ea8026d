#include "aggregate/older_forms.h"

#include <arpa/inet.h>

#include <charconv>
#include <map>
#include <system_error>
#include <utility>

#include "util/address.h"
#include "util/rr_types.h"

namespace rata::aggregate {
namespace {

std::string client_text(const std::string& hex) {
  const auto address = util::address_from_hex(hex);
  return address ? util::text(*address) : hex;
}

std::string qtype_text(const std::string& number, int base) {
  std::uint16_t code = 0;
  const char* end = number.data() + number.size();
  const auto [stop, error] = std::from_chars(number.data(), end, code, base);
  return error == std::errc{} && stop == end ? util::rr_type_text(code) : number;
}

/// One record's two ends: who asked, and for what. Errors: nullopt for a record of another form.
using Ends = std::optional<std::pair<std::string, std::string>>;

Ends ends_of_query(const summary::Record& record, int base) {
  if (record.keys.size() != 2) return std::nullopt;
  return std::pair(client_text(record.keys[0]), qtype_text(record.keys[1], base));
}

Ends ends_of_name(const summary::Record& record) {
  if (record.keys.size() != 1 || !record.value.is_string()) return std::nullopt;
  return std::pair(client_text(record.value.get<std::string>()), record.keys[0]);
}

}  // namespace

std::optional<Rows> rows_from_records(const summary::Records& records, const TableDimensions& dimensions) {
  using Shape = summary::Records::Shape;
  const bool hexadecimal = records.shape == Shape::names_by_client;
  const bool by_client = hexadecimal || records.shape == Shape::queries_by_client;
  if (!by_client && records.shape != Shape::lists_by_key) return std::nullopt;
  const TableDimensions held{"client", by_client ? "qtype" : "qname"};
  const bool is_turned = dimensions.key == held.key && dimensions.part == held.part;
  if (!is_turned && (dimensions.key != held.part || dimensions.part != held.key)) return std::nullopt;

  Rows rows;
  rows.rest = {records.left_out, records.left_out};
  std::map<std::pair<std::string, std::string>, std::size_t> places;
  for (const summary::Record& record : records.records) {
    Ends ends = by_client ? ends_of_query(record, hexadecimal ? 16 : 10) : ends_of_name(record);
    if (!ends) return std::nullopt;
    const auto [place, is_new] = places.try_emplace(std::move(*ends), rows.cells.size());
    if (is_new) {
      const std::string& client = rows.owned.emplace_back(place->first.first);
      const std::string& asked = rows.owned.emplace_back(place->first.second);
      rows.cells.push_back(is_turned ? Rows::Cell{client, asked, 0} : Rows::Cell{asked, client, 0});
    }
    ++rows.cells[place->second].count;
  }
  return rows;
}

std::string older_client(const std::string& client) {
  util::Address address;
  if (inet_pton(AF_INET, client.c_str(), address.octets.data()) == 1) return util::hex(address);
  address.v6 = true;
  if (inet_pton(AF_INET6, client.c_str(), address.octets.data()) == 1) return util::hex(address);
  return client;
}

std::string older_qtype_number(std::string_view qtype) {
  const auto code = util::rr_type_from_text(qtype);
  return code ? std::to_string(*code) : std::string(qtype);
}

std::string_view older_qtype_name(std::string_view qtype) { return qtype == "ANY" ? "*" : qtype; }

}  // namespace rata::aggregate
