#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fleet/clock.h"
#include "util/log_histogram.h"

namespace rata::fleet {

/// When each window was due, acknowledged and shown, and when each publication came to each listener.
///
/// A window is due when its monitor has it to send, whether or not the one before has been acknowledged: an aggregator
/// that is too slow does not make its own waiting times disappear.
class Ledger {
 public:
  enum class Crowd : unsigned char { all_servers, some_servers };

  struct Figures {
    util::LogHistogram to_page;       ///< microseconds: due to the end of the publication that shows it, each listener
    util::LogHistogram to_some_page;  ///< the same, of listeners to single servers and groups
    util::LogHistogram to_shown;      ///< acknowledged to the first listener that has it
    util::LogHistogram fan_out;       ///< a publication's first listener to each of them
    std::uint64_t windows = 0, never_shown = 0, never_at_a_listener = 0, publications = 0;
  };

  Ledger(std::vector<Crowd> listeners, std::int64_t from) : crowds_(std::move(listeners)), from_(from) {}

  void acknowledged(const std::string& server, std::int64_t second, Clock::time_point due, Clock::time_point now);
  /// All of the publication is there.
  void arrived(std::uint64_t publication, std::size_t listener, Clock::time_point now);
  /// The publication shows this server's windows up to this one.
  void shown(std::uint64_t publication, const std::string& server, std::int64_t second);

  /// Of windows from `from` on that were acknowledged before `until`, which must be some publications ago.
  Figures figures(Clock::time_point until) const;

 private:
  struct Window {
    Clock::time_point due, acknowledged;
    std::uint64_t publication = 0;  ///< the first that shows it; 0: none yet
  };
  using Arrivals = std::vector<Clock::time_point>;

  void follow(const Window& window, std::uint64_t publication, Figures& figures) const;

  std::vector<Crowd> crowds_;
  std::int64_t from_;
  std::map<std::string, std::map<std::int64_t, Window>> windows_;
  std::map<std::string, std::map<std::int64_t, std::uint64_t>> shown_;  // by the last second
  std::map<std::uint64_t, Arrivals> arrivals_;
};

}  // namespace rata::fleet
