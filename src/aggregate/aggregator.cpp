#include "aggregate/aggregator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <string_view>
#include <utility>

#include "aggregate/processor.h"
#include "aggregate/server_list.h"

namespace rata::aggregate {
namespace {

/// Over all views of the process, so that one that comes again, or another aggregator's, is not taken for what it was.
std::atomic<std::uint64_t> newest_revision = 0;

constexpr unsigned longest_span_minutes = 7 * 24 * 60;

/// A processor that is at work.
struct Running {
  std::string name;
  std::vector<std::string> reads;
  std::unique_ptr<Processor> processor;
  bool by_itself = false;  ///< nobody configured it
  bool changed = true;     ///< since `revision`
  std::uint64_t revision = 0;

  bool listens_to(const std::string& reducer) const { return std::ranges::find(reads, reducer) != reads.end(); }
};

class AggregatorOfWindows final : public Aggregator {
 public:
  AggregatorOfWindows(const Config& config, std::vector<Running> running)
      : spans_(config.spans),
        cells_(config.cells),
        most_by_themselves_(config.views),
        groups_(config.groups),
        servers_(config.servers),
        running_(std::move(running)) {
    for (const Group& group : groups_)
      for (const std::string& server : group.servers) groups_of_[server].push_back(group.name);
  }

  void add(const summary::Summary& summary, Reach reach) override {
    const Origin origin = origin_of(summary);
    if (reach == Reach::total) return add_total(summary, origin);
    ++counters_.summaries;
    if (!possible(origin) || !servers_.admit(summary.server, origin.end, spans_.cutoff(spans_.longest(), watermark_)))
      ++counters_.refused;
    else
      count(hand_over(summary, origin, reach));
  }

  void set_ceiling(util::Time ceiling) override {
    servers_.set_ceiling(ceiling);
    follow_time();
  }

  bool tidy(std::chrono::milliseconds patience) override {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    return std::ranges::any_of(running_, [&](const Running& one) {
      while (one.processor->tidy())
        if (std::chrono::steady_clock::now() >= deadline) return true;
      return false;
    });
  }

  void settle() override {
    const util::Time cutoff = spans_.cutoff(spans_.longest(), watermark_);
    std::erase_if(running_, [&](const Running& one) {
      if (!one.by_itself || one.processor->updated() > cutoff) return false;
      counters_.cut_cells += one.processor->cut_cells();  // they stay counted
      return true;
    });
    for (Running& one : running_) {
      if (!std::exchange(one.changed, false)) continue;
      one.revision = ++newest_revision;
      one.processor->settle(one.revision);
    }
  }

  std::vector<ViewInfo> views() const override {
    std::vector<ViewInfo> infos;
    for (const Running& one : running_)
      infos.push_back({one.name, one.processor->kind(), one.revision, one.processor->updated(), one.reads});
    std::ranges::sort(infos, {}, &ViewInfo::name);
    return infos;
  }

  std::optional<std::string> json(const std::string& view, unsigned minutes, const Scope& scope,
                                  const Look& look) override {
    return part(view, minutes, scope, 0, look);
  }

  std::optional<std::string> newest(const std::string& view, unsigned minutes, const Scope& scope,
                                    std::uint64_t since) override {
    const auto one = std::ranges::find(running_, view, &Running::name);
    if (since == 0 || one == running_.end() || !one->processor->joins(since)) return std::nullopt;
    return part(view, minutes, scope, since, {});
  }

  std::vector<std::string> older_names() const override {
    std::vector<std::string> names;
    for (const Running& one : running_)
      for (std::string& name : one.processor->older_names()) names.push_back(std::move(name));
    std::ranges::sort(names);
    return names;
  }

  std::string older_view(const std::string& name) const override {
    const Running* one = maker_of(name);
    return one == nullptr ? "" : one->name;
  }

  std::optional<std::string> older_json(const std::string& name) override {
    const Running* one = maker_of(name);
    if (one == nullptr) return std::nullopt;
    return one->processor->older_json(name, {watermark_, servers_.names(), servers_.by_arrival()});
  }

  util::Time watermark() const override { return watermark_; }
  std::vector<ServerState> servers() const override { return servers_.states(); }
  const std::vector<Group>& groups() const override { return groups_; }

  Counters counters() const override {
    Counters counters = counters_;
    for (const Running& running : running_) counters.cut_cells += running.processor->cut_cells();
    return counters;
  }

 private:
  enum class Outcome { taken, ignored, too_old, ahead, refused, repeated };

  std::optional<std::string> part(const std::string& view, unsigned minutes, const Scope& scope, std::uint64_t since,
                                  const Look& look) {
    const auto one = std::ranges::find(running_, view, &Running::name);
    const std::optional<std::size_t> span = spans_.find(minutes);
    std::optional<std::vector<std::string>> servers = servers_in(scope);
    if (one == running_.end() || !span || !servers) return std::nullopt;
    return one->processor->json({*span, scope, since, look}, {watermark_, std::move(*servers), servers_.by_arrival()});
  }

  /// Of no server, so that no time follows it, and nothing is counted.
  void add_total(const summary::Summary& summary, const Origin& origin) {
    if (!possible(origin) || origin.end <= spans_.cutoff(spans_.longest(), watermark_) || servers_.is_ahead(origin.end))
      return;
    static_cast<void>(give_all(summary, origin, {.total = true, .server = false, .groups = {}}));
  }

  void follow_time() {
    const util::Time newest = servers_.newest();
    if (newest <= watermark_) return;
    watermark_ = newest;
    for (Running& one : running_) {
      one.processor->advance(watermark_);
      one.changed = true;
    }
  }

  Outcome hand_over(const summary::Summary& summary, const Origin& origin, Reach reach) {
    follow_time();
    const bool too_old = origin.end <= spans_.cutoff(spans_.longest(), watermark_);
    if (std::exchange(known_servers_, servers_.names().size()) != servers_.names().size())
      for (Running& one : running_) one.changed = true;  // every view of all lists it
    if (servers_.is_ahead(origin.end)) return Outcome::ahead;
    if (too_old) return is_read(summary) ? Outcome::too_old : Outcome::ignored;
    const auto groups = groups_of_.find(summary.server);
    const std::optional<Taken> worst =
        give_all(summary, origin,
                 {.total = reach == Reach::everywhere,
                  .server = true,
                  .groups = groups == groups_of_.end() ? std::span<const std::string>() : groups->second});
    return worst ? outcome_of(*worst) : Outcome::ignored;
  }

  bool is_read(const summary::Summary& summary) const {
    return std::ranges::any_of(running_, [&](const Running& one) { return one.listens_to(summary.type); });
  }

  /// To all that listen to it. Nothing: nobody does.
  std::optional<Taken> give_all(const summary::Summary& summary, const Origin& origin, const Places& places) {
    std::optional<Taken> worst;
    const auto give = [&](Running& one) {
      const Taken taken = one.processor->add(summary, origin, places);
      if (taken == Taken::yes) one.changed = true;
      worst = worse(worst, taken);
    };
    for (Running& one : running_)
      if (one.listens_to(summary.type)) give(one);
    if (!worst)
      if (Running* const made = make_view_of(summary); made != nullptr) give(*made);
    return worst;
  }

  /// One summary goes to several processors but counts once: refused by one is refused.
  static Taken worse(std::optional<Taken> one, Taken other) {
    if (one == Taken::refused || other == Taken::refused) return Taken::refused;
    return one == Taken::repeated ? *one : other;
  }

  static Outcome outcome_of(Taken taken) {
    if (taken == Taken::refused) return Outcome::refused;
    return taken == Taken::repeated ? Outcome::repeated : Outcome::taken;
  }

  Running* make_view_of(const summary::Summary& summary) {
    const auto made = static_cast<std::size_t>(std::ranges::count(running_, true, &Running::by_itself));
    if (made >= most_by_themselves_) return nullptr;
    std::string name = summary.type;
    if (std::ranges::find(running_, name, &Running::name) != running_.end()) name += ".reducer";
    auto processor = make_processor_of(summary.data, name, {}, spans_, cells_);
    if (!processor) return nullptr;
    processor->advance(watermark_);
    running_.push_back({std::move(name), {summary.type}, std::move(processor), true});
    return &running_.back();
  }

  /// Nothing: there is no such server or group.
  std::optional<std::vector<std::string>> servers_in(const Scope& scope) const {
    const std::vector<std::string>& known = servers_.names();
    if (scope.kind == Scope::Kind::total) return known;
    if (scope.kind == Scope::Kind::server) {
      if (!std::ranges::binary_search(known, scope.name)) return std::nullopt;
      return std::vector{scope.name};
    }
    const auto group = std::ranges::find(groups_, scope.name, &Group::name);
    if (group == groups_.end()) return std::nullopt;
    std::vector<std::string> members;
    std::ranges::copy_if(known, std::back_inserter(members), [&](const std::string& server) {
      return std::ranges::find(group->servers, server) != group->servers.end();
    });
    return members;
  }

  const Running* maker_of(const std::string& older_name) const {
    for (const Running& one : running_) {
      const std::vector<std::string> names = one.processor->older_names();
      if (std::ranges::find(names, older_name) != names.end()) return &one;
    }
    return nullptr;
  }

  void count(Outcome outcome) {
    if (outcome == Outcome::ignored) ++counters_.ignored;
    if (outcome == Outcome::too_old) ++counters_.too_old;
    if (outcome == Outcome::ahead) ++counters_.ahead;
    if (outcome == Outcome::refused) ++counters_.refused;
    if (outcome == Outcome::repeated) ++counters_.repeated;
  }

  Spans spans_;
  std::size_t cells_, most_by_themselves_;
  std::vector<Group> groups_;
  std::map<std::string, std::vector<std::string>> groups_of_;  // by server
  ServerList servers_;
  std::size_t known_servers_ = 0;
  std::vector<Running> running_;
  util::Time watermark_;
  Counters counters_;
};

util::Result<void> check_spans(const std::vector<unsigned>& spans) {
  const bool ascending = std::ranges::adjacent_find(spans, std::ranges::greater_equal{}) == spans.end();
  if (!spans.empty() && spans.front() > 0 && spans.back() <= longest_span_minutes && ascending) return {};
  return util::Error{
      fmt::format("aggregate.spans = [{}]: needs whole minutes from 1 to {}, ascending, such as [1, 5, 15]",
                  fmt::join(spans, ", "), longest_span_minutes)};
}

const ProcessorType* type_of(std::string_view name) {
  for (const ProcessorType* type : processor_types())
    if (type->name == name) return type;
  return nullptr;
}

util::Error unknown_type(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ProcessorType* type : processor_types()) names.push_back(type->name);
  return {
      fmt::format("processor.type = \"{}\": there is no such processor; there are {}", name, fmt::join(names, ", "))};
}

std::vector<std::string> reads_of(const ProcessorConfig& config, const ProcessorType& type) {
  return config.reads.empty() ? std::vector<std::string>(type.reads.begin(), type.reads.end()) : config.reads;
}

}  // namespace

util::Result<std::unique_ptr<Aggregator>> Aggregator::make(const Config& config) {
  if (const auto checked = check_spans(config.spans); !checked) return checked.error();
  const Spans spans(config.spans);
  std::vector<Running> running;
  for (const ProcessorConfig& one : config.processors) {
    const ProcessorType* type = type_of(one.type);
    if (type == nullptr) return unknown_type(one.type);
    if (std::ranges::find(running, one.type, &Running::name) != running.end())
      return util::Error{
          fmt::format("processor.type = \"{}\": it is there twice; each processor can be switched on once", one.type)};
    running.push_back({one.type, reads_of(one, *type), type->make(one, spans, config.cells)});
  }
  return std::unique_ptr<Aggregator>(std::make_unique<AggregatorOfWindows>(config, std::move(running)));
}

}  // namespace rata::aggregate
