#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aggregate/rows.h"
#include "summary/summary.h"

namespace rata::aggregate {

/// Reads lists of records as a table: QueriesSummary (queries_by_client, keys [client, qtype]; the names in it are not
/// looked at), PacketSummary (names_by_client, the same) and TopKWithIP (lists_by_key, keys [qname], values the
/// clients). Clients are hexadecimal there and qtypes decimal, in PacketSummary hexadecimal too; here they are RFC 5952
/// texts and mnemonics. What cannot be read so stays as it is.
/// Errors: nullopt when the lists do not hold both dimensions.
std::optional<Rows> rows_from_records(const summary::Records& records, const TableDimensions& dimensions);

/// "c6336401" of "198.51.100.1"; any other text stays as it is.
std::string older_client(const std::string& client);
/// "28" of "AAAA"; any other text stays as it is.
std::string older_qtype_number(std::string_view qtype);
/// The older mnemonic: that of IANA, but "*" for 255.
std::string_view older_qtype_name(std::string_view qtype);

}  // namespace rata::aggregate
