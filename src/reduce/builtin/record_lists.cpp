// Reducers that list what they saw, one entry a query, in the older chain's shapes.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dns/name.h"
#include "reduce/reducer.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

using summary::Record;
using summary::Records;

/// Lists what `record` makes of each query. Bounded: after `limit` entries the window's further ones are left out.
class RecordList final : public Reducer {
 public:
  using Make = bool (*)(const Packet&, Record&);

  RecordList(Records::Shape shape, Make make, Needs needs, std::size_t limit, Surroundings& around)
      : shape_(shape),
        make_(make),
        selector_({{.condition = find_condition("query")}}, {needs}, around.plan),
        limit_(limit) {}

  void add(Batch& batch) noexcept override {
    for (const std::uint16_t i : selector_.choose(batch, lacking())) {
      Record record;
      if (!make_(batch[i], record)) continue;
      if (records_.size() >= limit_) {
        ++left_out_;
        continue;
      }
      record.ordinal = batch[i].ordinal;
      records_.push_back(std::move(record));
    }
  }

  void absorb(Reducer& sibling) override {
    auto& other = static_cast<RecordList&>(sibling);
    std::ranges::move(other.records_, std::back_inserter(records_));
    other.records_.clear();
    left_out_ += std::exchange(other.left_out_, 0);
  }

  summary::Data take(double) override {
    std::ranges::stable_sort(records_, {}, &Record::ordinal);
    return Records{.shape = shape_, .records = std::exchange(records_, {}), .left_out = std::exchange(left_out_, 0)};
  }

 private:
  Records::Shape shape_;
  Make make_;
  Selector selector_;
  std::size_t limit_;
  std::vector<Record> records_;
  std::uint64_t left_out_ = 0;
};

/// Entries of a window when the configuration names no limit: some hundred octets each.
constexpr std::uint64_t default_limit = 200'000;

util::Result<std::unique_ptr<Reducer>> make_list(const ReducerConfig& config, Surroundings& around,
                                                 Records::Shape shape, RecordList::Make make, Needs needs) {
  if (config.limit.size() > 1)
    return util::Error{
        fmt::format("reducer {}: limit is one number here: the entries of a window", config.shown_name())};
  const std::uint64_t limit = config.limit.empty() || config.limit[0] == 0 ? default_limit : config.limit[0];
  return {std::make_unique<RecordList>(shape, make, needs, std::max<std::size_t>(1, limit / around.context.shards),
                                       around)};
}

constexpr Needs name_and_client{.members = {util::Member::queries}, .client = true};
constexpr Needs name_and_parties{.members = {util::Member::queries}, .client = true, .server = true};

/// In the older form of addresses, or as it came.
std::string party(const util::Address& address, std::string_view text) {
  return text.empty() ? util::hex(address) : std::string(text);
}

bool client_and_type(const Packet& packet, Record& record) {
  record.keys = {party(packet.client, packet.client_text), std::to_string(packet.message.qtype)};
  record.value = dns::name_text(packet.qname);
  return true;
}

bool client_of_name(const Packet& packet, Record& record) {
  record.keys = {dns::name_text(packet.qname)};
  record.value = party(packet.client, packet.client_text);
  return true;
}

/// The underscore rule: a "_" anywhere in the name, asked for with a type that host names have (A, NS, SOA, MX).
bool underscored_name(const Packet& packet, Record& record) {
  const std::uint16_t qtype = packet.message.qtype;
  if (qtype != 1 && qtype != 2 && qtype != 6 && qtype != 15) return false;
  if (std::ranges::find(packet.qname, '_') == packet.qname.end()) return false;
  record.keys = {dns::name_text(packet.qname)};
  record.value = {{"sender", party(packet.client, packet.client_text)},
                  {"server", party(packet.server, packet.server_text)},
                  {"query",
                   {{"qname", dns::name_text(packet.message.qname)},
                    {"qtype", fmt::format("{:x}", qtype)},
                    {"qclass", fmt::format("{:x}", packet.message.qclass)}}}};
  return true;
}

}  // namespace

extern const ReducerType queries_summary;
constinit const ReducerType queries_summary{
    .name = "QueriesSummary",
    .help = "Every query's name by client and type, in order of arrival; clients in order of first appearance.",
    .rows = R"([{"ip": "c6336401", "queries": {"1": ["a.example.", "a.example."]}}])",
    .options = "limit",
    .make =
        [](const ReducerConfig& config, Surroundings& around) {
          return make_list(config, around, Records::Shape::queries_by_client, client_and_type, name_and_client);
        },
};

extern const ReducerType queries_with_underscored_name;
constinit const ReducerType queries_with_underscored_name{
    .name = "QueriesWithUnderscoredName",
    .help = "Queries of type A, NS, SOA or MX for names with an underscore, which host names must not have.",
    .rows = R"({"a_b.cl.": [{"sender": "c6336401", "server": "c0000235", "query": {"qname": "A_b.cl.", ...}}]})",
    .options = "limit",
    .make =
        [](const ReducerConfig& config, Surroundings& around) {
          return make_list(config, around, Records::Shape::lists_by_key, underscored_name, name_and_parties);
        },
};

extern const ReducerType top_k_with_ip;
constinit const ReducerType top_k_with_ip{
    .name = "TopKWithIP",
    .help = "The clients that asked for each name, in hexadecimal, one entry a query.",
    .rows = R"({"a.example.": ["c6336401", "c6336401"]})",
    .options = "limit",
    .make =
        [](const ReducerConfig& config, Surroundings& around) {
          return make_list(config, around, Records::Shape::lists_by_key, client_of_name, name_and_client);
        },
};

}  // namespace rata::reduce
