#include "reduce/builtin/party_counts.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "util/hash.h"

namespace rata::reduce {

PartyCounts::PartyCounts(const Dimension& code, std::uint64_t limit, bool older, const ReducerConfig& config,
                         Surroundings& around)
    : context_(around.context),
      keys_({{.dimension = &code}, {.dimension = find_dimension("client")}}, around.plan,
            Plan::Selection::every_packet),
      rules_{.limit = {0, limit}, .ties = true, .older = older},
      table_(std::max<std::size_t>(1, config.cells / around.context.shards), around.budget) {}

/// In the form that KeyMaker reads: four octets of code, then the client behind its length.
void PartyCounts::add(std::uint32_t code, const util::Address& client, std::string_view client_text) {
  party_key(context_.anonymizer.counted(client), client_text, client_);
  const Octets party = client_.octets();
  std::array<std::uint8_t, 4 + 1 + 255> room;
  for (unsigned i = 0; i < 4; ++i) room[i] = static_cast<std::uint8_t>(code >> (24 - 8 * i));
  room[4] = static_cast<std::uint8_t>(party.size());
  std::memcpy(room.data() + 5, party.data(), party.size());
  const Octets key = Octets(room).first(5 + party.size());
  table_.add(util::table_hash(key), key);
}

summary::Counts PartyCounts::take() {
  summary::Counts counts;
  for (const DimensionUse& use : keys_.uses()) counts.by.emplace_back(use.dimension->name);
  if (table_.dropped_count() > 0)
    counts.rest.push_back({.prefix = {}, .keys = table_.dropped_keys(), .count = table_.dropped_count()});
  counts.error = table_.error();
  std::vector<RowMaker::Cell> cells;
  cells.reserve(table_.size());
  table_.each([&](const KeyTable::Entry& entry) { cells.push_back({entry.key, entry.count}); });
  RowMaker(keys_, rules_, context_).make(cells, counts);
  table_.clear();
  return counts;
}

}  // namespace rata::reduce
