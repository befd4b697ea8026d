#include "aggregate/aggregator.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <ranges>
#include <string_view>
#include <utility>

#include "aggregate/processor.h"

namespace rata::aggregate {
namespace {

constexpr unsigned longest_span_minutes = 7 * 24 * 60;

/// A processor that is switched on.
struct Running {
  std::string name;
  std::vector<std::string> reads;
  std::unique_ptr<Processor> processor;
  bool changed = true;  ///< since `view`
  std::shared_ptr<const View> view;

  bool listens_to(const std::string& reducer) const { return std::ranges::find(reads, reducer) != reads.end(); }
};

class AggregatorOfWindows final : public Aggregator {
 public:
  AggregatorOfWindows(Spans spans, std::size_t servers_limit, std::vector<Running> running)
      : spans_(std::move(spans)), servers_limit_(servers_limit), running_(std::move(running)) {}

  void add(const summary::Summary& summary) override {
    ++counters_.summaries;
    const Origin origin = origin_of(summary);
    if (!possible(origin) || !admit(summary.server, origin.end))
      ++counters_.refused;
    else
      count(hand_over(summary, origin));
  }

  Board board() override {
    Board board;
    const Moment moment{watermark(), server_names(std::views::keys(last_by_server_)), by_arrival_};
    for (Running& running : running_) {
      if (running.changed) {
        View view = running.processor->view(moment);
        view.processor = running.name;
        view.revision = running.view ? running.view->revision + 1 : 1;
        running.view = std::make_shared<const View>(std::move(view));
        running.changed = false;
      }
      board[running.name] = running.view;
    }
    return board;
  }

  util::Time watermark() const override { return watermark_.value_or(util::Time{}); }

  std::vector<ServerState> servers() const override {
    std::vector<ServerState> states;
    for (const auto& [server, last] : last_by_server_) states.push_back({server, last});
    return states;
  }

  Counters counters() const override {
    Counters counters = counters_;
    for (const Running& running : running_) counters.cut_cells += running.processor->cut_cells();
    return counters;
  }

 private:
  enum class Outcome { taken, ignored, too_old, refused, repeated };

  template <typename Names>
  static std::vector<std::string> server_names(const Names& names) {
    return {names.begin(), names.end()};
  }

  /// False when there is no room for the server. Moves its clock, and that of all.
  bool admit(const std::string& server, util::Time end) {
    const auto known = last_by_server_.find(server);
    if (known != last_by_server_.end()) {
      known->second = std::max(known->second, end);
    } else {
      if (last_by_server_.size() >= servers_limit_) return false;
      last_by_server_.emplace(server, end);
      by_arrival_.push_back(server);
      mark_changed();
    }
    if (!watermark_ || *watermark_ < end) move_watermark(end);
    return true;
  }

  void move_watermark(util::Time end) {
    watermark_ = end;
    for (Running& running : running_) running.processor->advance(end);
    mark_changed();
  }

  void mark_changed() {
    for (Running& running : running_) running.changed = true;
  }

  Outcome hand_over(const summary::Summary& summary, const Origin& origin) {
    const bool too_old = origin.end <= spans_.cutoff(spans_.longest(), watermark());
    Outcome outcome = Outcome::ignored;
    for (Running& running : running_) {
      if (!running.listens_to(summary.type)) continue;
      if (too_old) return Outcome::too_old;
      const Taken taken = running.processor->add(summary, origin);
      if (taken == Taken::yes) running.changed = true;
      outcome = worse(outcome, taken);
    }
    return outcome;
  }

  /// One summary goes to several processors but counts once: refused by one is refused.
  static Outcome worse(Outcome outcome, Taken taken) {
    if (taken == Taken::refused || outcome == Outcome::refused) return Outcome::refused;
    if (taken == Taken::repeated || outcome == Outcome::repeated) return Outcome::repeated;
    return Outcome::taken;
  }

  void count(Outcome outcome) {
    if (outcome == Outcome::ignored) ++counters_.ignored;
    if (outcome == Outcome::too_old) ++counters_.too_old;
    if (outcome == Outcome::refused) ++counters_.refused;
    if (outcome == Outcome::repeated) ++counters_.repeated;
  }

  Spans spans_;
  std::size_t servers_limit_;
  std::vector<Running> running_;
  std::optional<util::Time> watermark_;
  std::map<std::string, util::Time> last_by_server_;
  std::vector<std::string> by_arrival_;
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
    running.push_back({one.type, reads_of(one, *type), type->make(one, spans, config.cells), true, nullptr});
  }
  return std::unique_ptr<Aggregator>(std::make_unique<AggregatorOfWindows>(spans, config.servers, std::move(running)));
}

}  // namespace rata::aggregate
