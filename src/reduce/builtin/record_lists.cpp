// Reducers that list what they saw, one entry a message, in the older chain's shapes.

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dns/name.h"
#include "reduce/anonymous_packet.h"
#include "reduce/builtin/list_bound.h"
#include "reduce/query_classes.h"
#include "reduce/reducer.h"
#include "reduce/selector.h"
#include "reduce/speedy_json.h"

namespace rata::reduce {
namespace {

using summary::Record;
using summary::Records;

/// Lists what `make` says of each message.
class RecordList final : public Reducer {
 public:
  using Make = bool (*)(const Packet&, Record&);

  /// What is listed, and in which shape.
  struct Kind {
    Records::Shape shape;
    std::string_view condition;  ///< "": every message
    Needs needs;
    Make make;  ///< false: this one is not listed
  };

  RecordList(const Kind& kind, std::vector<ConditionUse> where, ListBound bound, Surroundings& around)
      : kind_(kind),
        selector_(std::move(where), {kind.needs}, around.plan),
        bound_(std::move(bound)),
        anonymous_(around.context.anonymizer),
        inputs_(around.context.inputs) {}

  void add(Batch& batch) noexcept override {
    for (const std::uint16_t i : selector_.choose(batch, lacking())) {
      Record record;
      if (!kind_.make(anonymous_.of(batch[i]), record) || !bound_.take_in(octets_of(record))) continue;
      record.ordinal = batch[i].ordinal;
      record.time = batch[i].time;
      records_.push_back(std::move(record));
    }
  }

  void absorb(Reducer& sibling) override {
    auto& other = static_cast<RecordList&>(sibling);
    std::ranges::move(other.records_, std::back_inserter(records_));
    other.records_.clear();
    other.bound_.clear();
    bound_.add_left_out(other.bound_.take_left_out());
  }

  summary::Data take(double) override {
    sort_by_arrival(records_, inputs_);
    bound_.clear();
    return Records{.shape = kind_.shape, .records = std::exchange(records_, {}), .left_out = bound_.take_left_out()};
  }

 private:
  /// About so much memory: texts of JSON have nodes of their own.
  static std::size_t octets_of(const Record& record) {
    constexpr std::size_t value_octets = 64;
    std::size_t octets = sizeof record + value_octets + record.json.size();
    for (const std::string& key : record.keys) octets += sizeof key + key.size();
    return octets;
  }

  Kind kind_;
  Selector selector_;
  ListBound bound_;
  AnonymousPacket anonymous_;
  std::size_t inputs_;
  std::vector<Record> records_;
};

util::Result<std::unique_ptr<Reducer>> make_list(const ReducerConfig& config, Surroundings& around,
                                                 const RecordList::Kind& kind) {
  auto bound = ListBound::make(config, around);
  if (!bound) return bound.error();
  std::vector<ConditionUse> where;
  if (!kind.condition.empty()) where.push_back({.condition = find_condition(kind.condition)});
  return {std::make_unique<RecordList>(kind, std::move(where), std::move(*bound), around)};
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

bool client_and_hexadecimal_type(const Packet& packet, Record& record) {
  record.keys = {party(packet.client, packet.client_text), fmt::format("{:x}", packet.message.qtype)};
  record.value = dns::name_text(packet.qname);
  return true;
}

/// The first question as it came.
nlohmann::ordered_json question_of(const Packet& packet) {
  return {{"qname", dns::name_text(packet.message.qname)},
          {"qtype", fmt::format("{:x}", packet.message.qtype)},
          {"qclass", fmt::format("{:x}", packet.message.qclass)}};
}

bool underscored_by_name(const Packet& packet, Record& record) {
  if (!is_underscored(packet)) return false;
  record.keys = {dns::name_text(packet.qname)};
  record.value = {{"sender", party(packet.client, packet.client_text)},
                  {"server", party(packet.server, packet.server_text)},
                  {"query", question_of(packet)}};
  return true;
}

bool underscored_by_client(const Packet& packet, Record& record) {
  if (!is_underscored(packet)) return false;
  record.keys = {party(packet.client, packet.client_text)};
  record.value = question_of(packet);
  return true;
}

bool whole_message(const Packet& packet, Record& record) {
  append_speedy_object(packet, {}, record.json);
  return true;
}

using Shape = Records::Shape;
constexpr RecordList::Kind summary_kind{Shape::queries_by_client, "query", name_and_client, client_and_type};
constexpr RecordList::Kind packets_kind{Shape::names_by_client, "query", name_and_client, client_and_hexadecimal_type};
constexpr RecordList::Kind top_kind{Shape::lists_by_key, "query", name_and_client, client_of_name};
constexpr RecordList::Kind by_name_kind{Shape::lists_by_key, "query", name_and_parties, underscored_by_name};
constexpr RecordList::Kind by_client_kind{Shape::counted_lists_by_key, "query", name_and_client, underscored_by_client};
constexpr RecordList::Kind identity_kind{Shape::list, "", {}, whole_message};
constexpr RecordList::Kind queries_kind{Shape::list, "query", {}, whole_message};
constexpr RecordList::Kind answers_kind{Shape::list, "response", {}, whole_message};

template <const RecordList::Kind& kind>
util::Result<std::unique_ptr<Reducer>> make_kind(const ReducerConfig& config, Surroundings& around) {
  return make_list(config, around, kind);
}

}  // namespace

extern const ReducerType queries_summary;
constinit const ReducerType queries_summary{
    .name = "QueriesSummary",
    .help = "Every query's name by client and type, in order of arrival; clients in order of first appearance.",
    .rows = R"([{"ip": "c6336401", "queries": {"1": ["a.example.", "a.example."]}}])",
    .options = "limit",
    .make = make_kind<summary_kind>,
};

extern const ReducerType packet_summary;
constinit const ReducerType packet_summary{
    .name = "PacketSummary",
    .help = "The same as maps: every query's name by client and type, types in hexadecimal.",
    .rows = R"({"c6336401": {"1": ["a.example.", "a.example."]}})",
    .options = "limit",
    .make = make_kind<packets_kind>,
};

extern const ReducerType queries_with_underscored_name;
constinit const ReducerType queries_with_underscored_name{
    .name = "QueriesWithUnderscoredName",
    .help = "Queries of type A, NS, SOA or MX for names with an underscore, which host names must not have.",
    .rows = R"({"a_b.cl.": [{"sender": "c6336401", "server": "c0000235", "query": {"qname": "A_b.cl.", ...}}]})",
    .options = "limit",
    .make = make_kind<by_name_kind>,
};

extern const ReducerType packet_has_underscore;
constinit const ReducerType packet_has_underscore{
    .name = "PacketHasUnderscore",
    .help = "The same queries by client, with how many there are.",
    .rows = R"({"c6336401": {"cnt": 1, "queries": [{"qname": "A_b.cl.", "qtype": "1", "qclass": "1"}]}})",
    .options = "limit",
    .make = make_kind<by_client_kind>,
};

extern const ReducerType top_k_with_ip;
constinit const ReducerType top_k_with_ip{
    .name = "TopKWithIP",
    .help = "The clients that asked for each name, in hexadecimal, one entry a query.",
    .rows = R"({"a.example.": ["c6336401", "c6336401"]})",
    .options = "limit",
    .make = make_kind<top_kind>,
};

extern const ReducerType identity;
constinit const ReducerType identity{
    .name = "Identity",
    .help = "Every message, whole, as `ratadns serialize` writes it.",
    .rows = R"([{"source": "c6336401", "dest": "c0000235", "id": "1a2b", "flags": "100", "queries": [...], ...}])",
    .options = "limit",
    .make = make_kind<identity_kind>,
};

extern const ReducerType only_queries;
constinit const ReducerType only_queries{
    .name = "OnlyQueries",
    .help = "Every query, whole.",
    .rows = R"([{"source": "c6336401", "dest": "c0000235", "id": "1a2b", "flags": "100", "queries": [...], ...}])",
    .options = "limit",
    .make = make_kind<queries_kind>,
};

extern const ReducerType only_answers;
constinit const ReducerType only_answers{
    .name = "OnlyAnswers",
    .help = "Every response, whole.",
    .rows = R"([{"source": "c0000235", "dest": "c6336401", "id": "1a2b", "flags": "8180", "queries": [...], ...}])",
    .options = "limit",
    .make = make_kind<answers_kind>,
};

}  // namespace rata::reduce
