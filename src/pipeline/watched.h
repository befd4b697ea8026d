#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "pipeline/config.h"
#include "pipeline/server_map.h"
#include "reduce/windows.h"
#include "util/result.h"

namespace rata::pipeline {

/// The servers that one monitor watches, each with windows of its own. Number 0 is that of the configuration's
/// `server`, which gets what is nobody else's.
class Watched {
 public:
  struct Server {
    std::string name;
    /// What is nobody else's, while others are configured: nothing of it is news only where that is asked for by name.
    bool fallback = false;
    std::uint64_t late_untold = 0;  ///< in windows that were not sent
    std::unique_ptr<reduce::Windows> windows;
    std::uint64_t sequence = 0;         ///< windows handed on
    std::uint64_t kernel_reported = 0;  ///< in their losses
  };
  using OnClosed = std::function<void(std::size_t server, reduce::ClosingWindow&)>;

  /// `context`: outlives it. The servers share the memory of tables. Errors: a reducer cannot be made.
  static util::Result<std::unique_ptr<Watched>> make(const Config& config, const reduce::Context& context,
                                                     const OnClosed& on_closed, const reduce::DoAll& do_all);

  /// nullptr: there is one.
  const ServerMap* map() const { return servers_.size() > 1 ? &map_ : nullptr; }
  std::vector<Server>& servers() { return servers_; }
  const std::vector<Server>& servers() const { return servers_; }

  /// Packet time has come to `watermark`: all servers' windows close that are due. Returns when to be called next.
  util::Time advance(util::Time watermark);
  void finish();
  /// Another reducer takes the place of one, in all windows that open from now on. Errors: it cannot be made,
  /// for none of the servers: what it is does not depend on them.
  util::Result<void> replace(std::size_t reducer, const reduce::ReducerConfig& config);

 private:
  explicit Watched(const Config& config);
  std::size_t number_of(const std::string& name);

  std::vector<Server> servers_;
  ServerMap map_;
};

}  // namespace rata::pipeline
