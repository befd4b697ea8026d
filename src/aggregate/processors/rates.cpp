#include <algorithm>
#include <deque>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <utility>

#include "aggregate/processor.h"
#include "aggregate/processors/rate_windows.h"
#include "aggregate/processors/rates_json.h"

namespace rata::aggregate::processors {
namespace {

/// Queries and responses per second, now and over the whole span, per server and over all of them.
class Rates final : public Processor {
 public:
  Rates(const Spans& spans, std::size_t limit) : spans_(spans), limit_(limit) {}

  Taken add(const summary::Summary& summary, const Origin& origin, const Places& places) override {
    if (!places.server) return Taken::yes;  // those of the servers are added up when it is shown
    const auto* rates = std::get_if<summary::Rates>(&summary.data);
    Taken all = Taken::refused;
    for (const summary::Rate& rate : rates == nullptr ? std::span<const summary::Rate>() : rates->members) {
      const std::optional<RateKind> kind = rate_kind(rate.name);
      if (!kind) continue;  // all packets: the page shows queries and responses
      const Taken taken = servers_[summary.server].add(origin, *kind, rate);
      if (taken == Taken::refused) return taken;
      if (taken == Taken::yes || all == Taken::refused) all = taken;
    }
    if (all != Taken::yes) return all;
    cut_ += servers_[summary.server].cut(limit_);
    newest_ = std::max(newest_, origin.end);
    // One of no length lies in the second that it ends.
    oldest_change_ = std::min({oldest_change_, origin.start, util::Time{origin.end.ns - 1}});
    return all;
  }

  void advance(util::Time watermark) override {
    watermark_ = watermark;
    const util::Time cutoff = spans_.cutoff(spans_.longest(), watermark);
    for (auto& [server, windows] : servers_) windows.forget_until(cutoff);
    std::erase_if(servers_, [](const auto& one) { return one.second.size() == 0; });
  }

  void settle(std::uint64_t revision) override {
    changes_.push_back({revision, std::exchange(oldest_change_, latest), watermark_});
    if (changes_.size() > most_changes) changes_.pop_front();
  }
  bool joins(std::uint64_t revision) const override {
    return std::ranges::find(changes_, revision, &Change::revision) != changes_.end();
  }

  std::string json(const Wanted& wanted, const Moment& moment) override {
    util::Time oldest = oldest_change_;  // what came after `settle` is in it already
    for (const Change& change : changes_) {
      if (change.revision > wanted.since) oldest = std::min(oldest, change.oldest);
      // Where the series ended that it is to be laid over.
      if (change.revision == wanted.since) oldest = std::min(oldest, change.watermark);
    }
    return RatesJson(spans_, moment, servers_, oldest).view(wanted);
  }
  std::string_view kind() const override { return "rates"; }
  util::Time updated() const override { return newest_; }

  std::vector<std::string> older_names() const override { return {"server_data", "server_data_v2"}; }
  std::string older_json(const std::string& name, const Moment& moment) const override {
    return RatesJson(spans_, moment, servers_, latest).older(name == "server_data_v2");
  }

  std::uint64_t cut_cells() const override { return cut_; }

 private:
  static constexpr util::Time latest{std::numeric_limits<std::int64_t>::max()};
  static constexpr std::size_t most_changes = 64;

  struct Change {
    std::uint64_t revision = 0;
    util::Time oldest;     ///< the start of the oldest window that is another one in this revision
    util::Time watermark;  ///< then
  };

  Spans spans_;
  std::size_t limit_;
  std::map<std::string, RateWindows> servers_;
  util::Time newest_, watermark_;
  util::Time oldest_change_ = latest;  ///< since `settle`
  std::deque<Change> changes_;         ///< of the last revisions, ascending
  std::uint64_t cut_ = 0;
};

constexpr std::string_view reads[] = {"QueriesPerSecond", "AnswersPerSecond"};

}  // namespace

extern const ProcessorType rates;
constinit const ProcessorType rates{
    .name = "rates",
    .help = "Queries and responses per second.",
    .reads = reads,
    .make = [](const ProcessorConfig&, const Spans& spans, std::size_t cells) -> std::unique_ptr<Processor> {
      return std::make_unique<Rates>(spans, cells);
    },
};

}  // namespace rata::aggregate::processors
