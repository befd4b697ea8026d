#include "capture/live.h"

#include <fmt/format.h>
#include <net/if.h>
#include <poll.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <set>
#include <utility>

#include "capture/interface_losses.h"
#include "capture/interface_port.h"
#include "capture/loss_log.h"
#include "util/guarded.h"

namespace rata::capture {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds patience{200};
/// A block is handed over within twice this time after its first packet. Of several interfaces the packets that come
/// first are known only when every ring has handed over: hence sooner.
constexpr unsigned block_wait_ms = 40, block_wait_of_many_ms = 16;
constexpr std::int64_t hold_ns = 3 * std::int64_t{block_wait_of_many_ms} * 1'000'000;
constexpr milliseconds drain_time{3 * block_wait_ms};
constexpr milliseconds loss_interval{100}, look_interval{200}, card_interval{1000};

class Live final : public Source {
 public:
  /// `first`: the one of all threads' that speaks for the interfaces themselves.
  Live(std::string name, std::vector<InterfacePort> ports, const std::vector<std::string>& interfaces, bool first,
       const util::Clock& clock);

  Read read(std::vector<Frame>& batch) override;
  const std::vector<util::Error>& errors() const override { return errors_; }
  const std::vector<util::Error>& complaints() const override { return complaints_; }
  SourceStats stats() override;
  std::uint64_t kernel_dropped_before(util::Time time) const override;
  bool live() const override { return true; }
  const std::set<LinkType>& link_types() const override { return link_types_; }
  const std::string& name() const override { return name_; }
  void stop() override { stop_.set(); }

 private:
  void look_after(steady_clock::time_point now);
  void look_at_interfaces();
  void note_losses();
  void complain(const std::string& interface, const char* what);
  void drain(std::vector<Frame>& batch);
  void take_ready(std::vector<Frame>& batch);
  void take_in_order(std::vector<Frame>& batch);
  void take(std::size_t port, std::vector<Frame>& batch, util::Time up_to);
  bool wait(milliseconds time);

  std::string name_;
  std::vector<InterfacePort> ports_;
  std::vector<pollfd> waiting_;  ///< the ports in their order, then the stop signal
  StopSignal stop_;
  bool first_, error_seen_ = false, draining_ = false;
  const util::Clock& clock_;
  std::int64_t held_for_ns_ = 0;  ///< packets lie ready that may be taken only then; 0: none
  InterfaceLosses card_losses_;
  util::Guarded<LossLog> losses_;
  SourceStats stats_;
  std::set<LinkType> link_types_;
  std::vector<util::Error> errors_, complaints_;
  std::uint64_t more_complaints_ = 0;
  steady_clock::time_point next_look_{}, next_losses_{}, next_card_{};
};

Live::Live(std::string name, std::vector<InterfacePort> ports, const std::vector<std::string>& interfaces, bool first,
           const util::Clock& clock)
    : name_(std::move(name)),
      ports_(std::move(ports)),
      waiting_(ports_.size() + 1),
      first_(first),
      clock_(clock),
      card_losses_(first ? interfaces : std::vector<std::string>()) {
  for (const InterfacePort& port : ports_) link_types_.insert(port.link());
}

Read Live::read(std::vector<Frame>& batch) {
  batch.clear();
  for (InterfacePort& port : ports_) port.ring().give_back();
  if (stop_.is_set()) {
    drain(batch);
  } else {
    look_after(steady_clock::now());
    take_ready(batch);
    if (batch.empty() && wait(patience)) take_ready(batch);
  }
  if (!batch.empty()) return Read::frames;
  return draining_ ? Read::end : Read::idle;
}

/// What came before the stop is handed over, and counts; what comes after it stays outside.
void Live::drain(std::vector<Frame>& batch) {
  if (!std::exchange(draining_, true))
    for (InterfacePort& port : ports_) port.close_door();
  const auto until = steady_clock::now() + drain_time;
  take_ready(batch);
  while (batch.empty() && steady_clock::now() < until) {
    wait(milliseconds(block_wait_of_many_ms));
    take_ready(batch);
  }
}

void Live::look_after(steady_clock::time_point now) {
  if (now >= next_losses_) {
    next_losses_ = now + loss_interval;
    note_losses();
  }
  if (error_seen_ || now >= next_look_) {
    next_look_ = now + look_interval;
    look_at_interfaces();
  }
}

void Live::look_at_interfaces() {
  error_seen_ = false;
  for (InterfacePort& port : ports_) {
    const InterfacePort::Change change = port.look();
    if (change == InterfacePort::Change::gone) complain(port.name(), "is gone; waits for it to come back");
    if (change == InterfacePort::Change::back) complain(port.name(), "is back");
  }
}

void Live::complain(const std::string& interface, const char* what) {
  if (!first_) return;
  if (complaints_.size() < max_told_errors) {
    complaints_.push_back({fmt::format("{}: {}", interface, what)});
    return;
  }
  if (complaints_.size() == max_told_errors) complaints_.emplace_back();
  complaints_.back().message =
      fmt::format("{}: and {} more times an interface went or came back", name_, ++more_complaints_);
}

void Live::note_losses() {
  std::uint64_t more = 0;
  for (InterfacePort& port : ports_) more += port.dropped();
  if (const auto now = steady_clock::now(); first_ && now >= next_card_) {
    next_card_ = now + card_interval;
    more += card_losses_.more();
  }
  losses_.with([&](LossLog& log) { log.note(more, clock_.now()); });
}

SourceStats Live::stats() {
  note_losses();
  stats_.kernel_dropped = losses_.with([](const LossLog& log) { return log.total(); });
  return stats_;
}

std::uint64_t Live::kernel_dropped_before(util::Time time) const {
  return losses_.with([&](const LossLog& log) { return log.before(time); });
}

void Live::take(std::size_t port, std::vector<Frame>& batch, util::Time up_to) {
  const std::size_t before = batch.size();
  ports_[port].ring().take(batch, ports_[port].link(), up_to);
  for (std::size_t i = before; i < batch.size(); ++i) {
    batch[i].ordinal = stats_.frames++;
    batch[i].input = static_cast<std::uint16_t>(port);
    stats_.octets += batch[i].octets.size();
  }
}

void Live::take_ready(std::vector<Frame>& batch) {
  if (ports_.size() == 1)
    take(0, batch, util::Time{INT64_MAX});
  else
    take_in_order(batch);
}

/// The earliest first, so that a response does not come before its query when the two directions are two interfaces. A
/// ring with nothing ready may still hold, in a block that the kernel has not handed over, what is earlier than what
/// lies ready in another one: but nothing older than `hold_ns`.
void Live::take_in_order(std::vector<Frame>& batch) {
  const util::Time now = clock_.now();
  while (batch.size() < max_batch) {
    std::size_t earliest = ports_.size();
    util::Time first{INT64_MAX}, second{INT64_MAX};
    for (std::size_t i = 0; i < ports_.size(); ++i) {
      if (!ports_[i].ring().ready()) {
        if (!ports_[i].is_gone()) second = std::min(second, util::Time{now.ns - hold_ns});
        continue;
      }
      const util::Time time = ports_[i].ring().next_time();
      if (time >= first) {
        second = std::min(second, time);
        continue;
      }
      second = std::min(second, first);
      first = time;
      earliest = i;
    }
    held_for_ns_ = 0;
    if (earliest == ports_.size()) return;
    // A stamp of the future: somebody set the clock back, and holding would go on until it has caught up.
    if (first > second && first <= now) {
      held_for_ns_ = first.ns - second.ns;
      return;
    }
    take(earliest, batch, std::max(first, second));
  }
}

/// True when it may be worth while to look again.
bool Live::wait(milliseconds time) {
  if (held_for_ns_ > 0) time = std::min(time, milliseconds(held_for_ns_ / 1'000'000 + 1));
  for (std::size_t i = 0; i < ports_.size(); ++i) {
    PacketRing& ring = ports_[i].ring();
    // What is held back is no reason to wake up.
    waiting_[i] = {held_for_ns_ > 0 && ring.ready() ? -1 : ring.descriptor(), POLLIN, 0};
  }
  waiting_.back() = {draining_ ? -1 : stop_.descriptor(), POLLIN, 0};
  const int news = ::poll(waiting_.data(), waiting_.size(), static_cast<int>(time.count()));
  for (const pollfd& one : waiting_) error_seen_ = error_seen_ || (one.revents & (POLLERR | POLLNVAL)) != 0;
  return news > 0 || held_for_ns_ > 0;
}

util::Result<void> check_names(const std::vector<std::string>& interfaces) {
  std::set<std::string> seen;
  for (const std::string& name : interfaces) {
    if (!seen.insert(name).second)
      return util::Error{fmt::format("{}: is named twice; each of its frames would count twice", name)};
    if (name == all_interfaces && interfaces.size() > 1)
      return util::Error{fmt::format("{}: is all interfaces and has to be named alone", name)};
  }
  return {};
}

bool is_interface(const std::string& what) {
  struct stat info{};
  if (what == "-" || ::stat(what.c_str(), &info) == 0) return false;
  return what == all_interfaces || ::if_nametoindex(what.c_str()) != 0;
}

}  // namespace

bool are_interfaces(const std::vector<std::string>& what) {
  return !what.empty() && std::ranges::all_of(what, is_interface);
}

util::Result<std::vector<std::unique_ptr<Source>>> open_live(const std::vector<std::string>& interfaces,
                                                             const SourceOptions& options, std::size_t threads,
                                                             std::size_t shards) {
  if (auto good = check_names(interfaces); !good) return good.error();
  const RingShape shape{.octets = options.ring_octets / threads,
                        .block_wait_ms = interfaces.size() == 1 ? block_wait_ms : block_wait_of_many_ms};
  std::vector<std::vector<InterfacePort>> ports(threads);
  for (const std::string& name : interfaces) {
    const auto facts = probe_interface(name, options.filter);
    if (!facts) return facts.error();
    auto opened = InterfacePort::open(*facts, shape, {.shards = shards, .rings = threads});
    if (!opened) return opened.error();
    for (std::size_t i = 0; i < threads; ++i) ports[i].push_back(std::move((*opened)[i]));
  }
  std::vector<std::unique_ptr<Source>> sources;
  for (std::size_t i = 0; i < threads; ++i)
    sources.push_back(
        std::make_unique<Live>(name_of_sources(interfaces), std::move(ports[i]), interfaces, i == 0, *options.clock));
  return sources;
}

}  // namespace rata::capture
