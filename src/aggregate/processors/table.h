#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "aggregate/json_text.h"
#include "aggregate/processor.h"
#include "aggregate/processors/table_rows.h"
#include "aggregate/rows.h"
#include "aggregate/tally.h"

namespace rata::aggregate {

class Table;

/// 0 of nothing.
double percent(std::uint64_t count, std::uint64_t total);

/// What tells one table from another.
struct TableDescriptor {
  std::string name;
  TableDimensions dimensions;
  std::string count_name = "count";  ///< how the members are called that say how many
  /// The older aggregator's event of the same numbers: its name, and the list of one element per span. Empty: none.
  std::string older_name = {};
  std::string (*older_json)(const Table& table, const Moment& moment) = nullptr;
};

/// Of a reducer that counts `by` these dimensions, at least one.
TableDescriptor table_of(const std::string& name, const std::vector<std::string>& by);

/// The largest keys of each span, with the largest parts inside each: per server, per group and over all of them.
class Table final : public Processor {
 public:
  Table(TableDescriptor descriptor, const ProcessorConfig& config, const Spans& spans, std::size_t cells);

  Taken add(const summary::Summary& summary, const Origin& origin, const Places& places) override;
  void advance(util::Time watermark) override;
  bool tidy() override;
  std::string json(const Wanted& wanted, const Moment& moment) override;
  std::string_view kind() const override { return "table"; }
  util::Time updated() const override { return newest_; }
  std::uint64_t cut_cells() const override;
  std::vector<std::string> older_names() const override;
  std::string older_json(const std::string& name, const Moment& moment) const override;

  // For the older forms.
  const Spans& spans() const { return spans_; }
  std::size_t output_limit() const { return output_limit_; }
  /// Null when nothing of that server is in any span.
  const Tally* tally(const std::string& server) const;
  /// All queries of all servers.
  std::uint64_t total(std::size_t span) const { return all_servers().total(span); }

 private:
  using Tallies = std::map<std::string, Tally>;

  std::optional<Rows> read(const summary::Data& data) const;
  void make_all();
  Tally& server_tally(const std::string& server);
  Tally& fresh(Tallies& tallies, const std::string& name);
  const Tally& tally(const Scope& scope) const;
  const Tally& all_servers() const;
  void append_rows(JsonText& json, const TableRows& table) const;
  void append_row(JsonText& json, const TableRows::Row& row, std::uint64_t total) const;
  void append_rest(JsonText& json, std::string_view name, std::uint64_t keys, std::uint64_t count) const;

  const TableDescriptor descriptor_;
  std::size_t output_limit_, parts_limit_;
  Spans spans_;
  std::size_t cells_;
  Shared shared_;
  const Tally nothing_;
  Tallies servers_, groups_;
  std::uint64_t forgotten_cuts_ = 0;  ///< cells that tallies gave up which are gone
  /// All servers together, from the moment when there is a second one, or something of all: a single server is its own
  /// total.
  std::unique_ptr<Tally> all_;
  util::Time watermark_, newest_;
};

/// The older list of one element per span that holds `servers_data`: `append` writes the members of a server.
std::string older_json_by_server(const Table& table, const Moment& moment,
                                 void (*append)(JsonText&, const Table&, const Tally&, std::size_t span));

}  // namespace rata::aggregate
