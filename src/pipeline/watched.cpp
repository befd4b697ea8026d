#include "pipeline/watched.h"

#include <algorithm>
#include <utility>

namespace rata::pipeline {

Watched::Watched(const Config& config) : map_(0) {
  servers_.emplace_back().name = config.server;
  bool own_name_used = config.server_is_given;
  for (const WatchedServer& server : config.watched) {
    const std::size_t number = number_of(server.name);
    for (const reduce::Prefix& network : server.addresses) map_.add_network(network, number);
    own_name_used |= number == 0;
  }
  if (config.source)
    for (std::size_t i = 0; i < config.source->servers.size(); ++i)
      if (const std::string& name = config.source->servers[i]; !name.empty()) {
        map_.add_input(static_cast<std::uint16_t>(i), number_of(name));
        own_name_used |= name == config.server;
      }
  map_.set_size(servers_.size());
  servers_.front().fallback = servers_.size() > 1 && !own_name_used;
}

std::size_t Watched::number_of(const std::string& name) {
  const auto known = std::ranges::find(servers_, name, &Server::name);
  if (known == servers_.end()) servers_.emplace_back().name = name;
  return static_cast<std::size_t>(std::ranges::find(servers_, name, &Server::name) - servers_.begin());
}

util::Result<std::unique_ptr<Watched>> Watched::make(const Config& config, const reduce::Context& context,
                                                     const OnClosed& on_closed, const reduce::DoAll& do_all) {
  std::unique_ptr<Watched> watched(new Watched(config));
  std::vector<reduce::ReducerConfig> reducers;
  for (const ReducerEntry& entry : config.reducers) reducers.push_back(entry.reducer);
  for (std::size_t i = 0; i < watched->servers_.size(); ++i) {
    auto windows = reduce::Windows::make(
        config.window, reducers, context, config.tables_octets() / watched->servers_.size(),
        [on_closed, i](reduce::ClosingWindow& window) { on_closed(i, window); }, do_all);
    if (!windows) return windows.error();
    watched->servers_[i].windows = std::move(*windows);
  }
  return watched;
}

util::Time Watched::advance(util::Time watermark) {
  util::Time next{INT64_MAX};
  for (const Server& server : servers_) next = std::min(next, server.windows->advance(watermark));
  return next;
}

util::Result<void> Watched::replace(std::size_t reducer, const reduce::ReducerConfig& config) {
  for (const Server& server : servers_)
    if (auto replaced = server.windows->replace(reducer, config); !replaced) return replaced;
  return {};
}

void Watched::finish() {
  for (const Server& server : servers_) server.windows->finish();
}

}  // namespace rata::pipeline
