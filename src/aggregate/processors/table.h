#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "aggregate/json_text.h"
#include "aggregate/processor.h"
#include "aggregate/rows.h"
#include "aggregate/tally.h"

namespace rata::aggregate {

class Table;

/// 0 of nothing.
double percent(std::uint64_t count, std::uint64_t total);

/// What tells one table from another.
struct TableDescriptor {
  std::string_view name;
  TableDimensions dimensions;
  /// The older aggregator's event of the same numbers: its name, and the list of one element per span.
  std::string_view older_name;
  std::string (*older_json)(const Table& table, const Moment& moment);
};

/// The largest keys of each span, with the largest parts inside each: per server, and over all of them.
class Table final : public Processor {
 public:
  Table(const TableDescriptor& descriptor, const ProcessorConfig& config, const Spans& spans, std::size_t cells);

  Taken add(const summary::Summary& summary, const Origin& origin) override;
  void advance(util::Time watermark) override;
  View view(const Moment& moment) override;
  std::uint64_t cut_cells() const override;

  // For the older forms.
  const Spans& spans() const { return spans_; }
  std::size_t output_limit() const { return output_limit_; }
  /// Null while nothing came from that server.
  const Tally* tally(const std::string& server) const;
  /// All queries of all servers.
  std::uint64_t total(std::size_t span) const { return all_servers().total(span); }

 private:
  std::optional<Rows> read(const summary::Data& data) const;
  Tally& tally_of(const std::string& server);
  const Tally& all_servers() const;
  /// The members of a view after those that say what it is a view of.
  std::string body(const Tally& tally, std::size_t span) const;
  View::Span span_view(std::size_t span, const Moment& moment) const;

  const TableDescriptor& descriptor_;
  std::size_t output_limit_, parts_limit_;
  Spans spans_;
  std::size_t cells_;
  const Tally nothing_;
  std::map<std::string, Tally> servers_;
  /// All servers together, from the moment when there is a second one: a single server is its own total.
  std::unique_ptr<Tally> all_;
  std::uint64_t sequence_ = 0;  ///< over all servers, so that appearances compare
  util::Time watermark_, newest_;
};

/// What ProcessorType::make does for a table.
template <const TableDescriptor& descriptor>
std::unique_ptr<Processor> make_table(const ProcessorConfig& config, const Spans& spans, std::size_t cells) {
  return std::make_unique<Table>(descriptor, config, spans, cells);
}

/// The older list of one element per span that holds `servers_data`: `append` writes the members of a server.
std::string older_json_by_server(const Table& table, const Moment& moment,
                                 void (*append)(JsonText&, const Table&, const Tally&, std::size_t span));

}  // namespace rata::aggregate
