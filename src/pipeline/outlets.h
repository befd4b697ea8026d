#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channel/channel.h"
#include "channel/sender.h"
#include "pipeline/books.h"
#include "pipeline/config.h"
#include "util/result.h"

namespace rata::pipeline {

/// How one channel is, for status and metrics.
struct OutletState {
  std::string name;
  std::string url;  ///< as it may be shown
  channel::Sender::Health health;
  channel::Sender::Counters counters;
};

/// The ways out of a monitor, and which reducer's results go which ways.
/// Thread: one, but for `hurry` and `states`.
class Outlets {
 public:
  using Report = std::function<void(const std::string&)>;

  /// Opens the channels and their spools. Errors: one cannot be opened.
  static util::Result<std::unique_ptr<Outlets>> open(const Config& config, const channel::Deliver& deliver, bool live,
                                                     const Report& report);

  void send(std::size_t reducer, summary::Summary summary);
  /// See Sender.
  void close();
  void hurry();
  /// Every other side has left for good.
  bool nobody_listens() const;

  void add_to(Books& books) const;
  std::vector<OutletState> states() const;

 private:
  struct Outlet {
    std::string url;
    std::unique_ptr<channel::Sender> sender;
  };

  std::vector<Outlet> outlets_;
  std::vector<std::vector<channel::Sender*>> by_reducer_;
  std::uint64_t pushed_ = 0;  ///< summaries given to senders, counted apart from what they count
};

}  // namespace rata::pipeline
