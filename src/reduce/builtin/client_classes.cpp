// Clients by what is wrong with what they send: ClientSubnet2, where a query may be in several classes at once, and
// MalformedQueries, of what is no message at all.

#include <fmt/format.h>

#include <memory>

#include "reduce/builtin/party_counts.h"
#include "reduce/query_classes.h"
#include "reduce/selector.h"

namespace rata::reduce {
namespace {

constexpr Dimension classes{
    .name = "classification",
    .help = "",
    .example = "",
    .needs = {},
    .bits = 8,
    .code_text = [](std::uint32_t code, const Look&) { return std::string(name(static_cast<QueryClass>(code))); },
    .older_code_text = [](std::uint32_t code,
                          const Look&) { return std::string(older_name(static_cast<QueryClass>(code))); }};

constexpr Dimension reasons{
    .name = "malformed",
    .help = "",
    .example = "",
    .needs = {},
    .bits = 8,
    .code_text = [](std::uint32_t code, const Look&) { return std::string(name(static_cast<dns::Malformed>(code))); }};

/// One number, or `otherwise`. Errors: more than one.
util::Result<std::uint64_t> limit_of(const ReducerConfig& config, std::uint64_t otherwise) {
  if (config.limit.size() > 1)
    return util::Error{
        fmt::format("reducer {}: limit is one number here: clients that stay of each kind", config.shown_name())};
  return config.limit.empty() ? otherwise : config.limit.front();
}

class ClientSubnet2 final : public Reducer {
 public:
  ClientSubnet2(std::uint64_t limit, const ReducerConfig& config, Surroundings& around)
      : selector_({{.condition = find_condition("query")}}, {{.members = {util::Member::queries}, .client = true}},
                  around.plan),
        counts_(classes, limit, true, config, around) {}

  void add(Batch& batch) noexcept override {
    for (const std::uint16_t i : selector_.choose(batch, lacking())) {
      const QueryClasses of = older_classes(batch[i], batch.context());
      for (std::uint32_t one = 0; one < static_cast<std::uint32_t>(QueryClass::count_); ++one)
        if (has(of, static_cast<QueryClass>(one))) counts_.add(one, batch[i].client, batch[i].client_text);
    }
  }

  void add_malformed(const MalformedMessage& message) noexcept override {
    if (message.query && !message.lacks.has(util::Member::source))
      counts_.add(static_cast<std::uint32_t>(QueryClass::malformed), message.source, message.source_text);
  }

  void absorb(Reducer& sibling) override { counts_.absorb(static_cast<ClientSubnet2&>(sibling).counts_); }
  summary::Data take(double) override { return counts_.take(); }

 private:
  Selector selector_;
  PartyCounts counts_;
};

class MalformedQueries final : public Reducer {
 public:
  MalformedQueries(std::uint64_t limit, const ReducerConfig& config, Surroundings& around)
      : counts_(reasons, limit, false, config, around) {}

  void add(Batch&) noexcept override {}
  void add_malformed(const MalformedMessage& message) noexcept override {
    if (!message.query) return;
    if (message.lacks.has(util::Member::source))
      ++lacking()[static_cast<std::size_t>(util::Member::source)];
    else
      counts_.add(static_cast<std::uint32_t>(message.reason), message.source, message.source_text);
  }

  void absorb(Reducer& sibling) override { counts_.absorb(static_cast<MalformedQueries&>(sibling).counts_); }
  summary::Data take(double) override { return counts_.take(); }

 private:
  PartyCounts counts_;
};

template <typename Made, std::uint64_t default_limit>
util::Result<std::unique_ptr<Reducer>> make(const ReducerConfig& config, Surroundings& around) {
  const auto limit = limit_of(config, default_limit);
  if (!limit) return limit.error();
  return {std::make_unique<Made>(*limit, config, around)};
}

}  // namespace

extern const ReducerType client_subnet2;
constinit const ReducerType client_subnet2{
    .name = "ClientSubnet2",
    .help = "Clients by what is wrong with their queries; a query may be in several classes, and is ok in none.",
    .rows = R"({"ok": {"c6336401": 3}, "non-auth-tld": {"c6336401": 1}})",
    .options = "limit cells",
    .make = make<ClientSubnet2, 200>,
};

extern const ReducerType malformed_queries;
constinit const ReducerType malformed_queries{
    .name = "MalformedQueries",
    .help = "Queries that cannot be read, by the reason and by who sent them.",
    .rows = R"({"cut_name": {"192.0.2.1": 2}})",
    .options = "limit cells",
    .make = make<MalformedQueries, 0>,
};

}  // namespace rata::reduce
