#include "serve/aggregate_views.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "serve/address_mask.h"

namespace rata::serve {
namespace {

Views::Text shared(std::optional<std::string> text) {
  return text ? std::make_shared<const std::string>(std::move(*text)) : nullptr;
}

}  // namespace

AggregateViews::AggregateViews(const SharedAggregator& aggregator, const AggregateViews* before)
    : aggregator_(aggregator) {
  aggregator_.with([&](const std::unique_ptr<aggregate::Aggregator>& held) {
    held->settle();
    for (const aggregate::ViewInfo& info : held->views()) revisions_[info.name].now = info.revision;
    for (const aggregate::Group& group : held->groups()) scopes_.push_back(aggregate::Scope::group(group.name));
    for (const aggregate::ServerState& server : held->servers())
      scopes_.push_back(aggregate::Scope::server(server.name));
    for (const std::string& name : held->older_names()) older_names_[name] = held->older_view(name);
  });
  std::ranges::sort(scopes_);
  if (before == nullptr) return;
  for (auto& [name, revision] : revisions_) {
    const auto known = before->revisions_.find(name);
    if (known == before->revisions_.end()) continue;
    // What did not change now may still be new to a client that has the one before the last.
    revision.before = known->second.now == revision.now ? known->second.before : known->second.now;
  }
}

std::vector<std::string> AggregateViews::names() const {
  std::vector<std::string> names;
  for (const auto& [name, revision] : revisions_) names.push_back(name);
  return names;
}

std::uint64_t AggregateViews::revision(const std::string& name) const {
  const auto known = revisions_.find(name);
  return known == revisions_.end() ? 0 : known->second.now;
}

Views::Text AggregateViews::part(const std::string& name, const Selection& selection, aggregate::Part part) const {
  auto text = aggregator_.with([&](const std::unique_ptr<aggregate::Aggregator>& held) {
    return held->json(name, selection.minutes, selection.scope, part);
  });
  if (text) mask_addresses(*text, selection.addresses);
  return shared(std::move(text));
}

Views::Text AggregateViews::json(const std::string& name, const Selection& selection) const {
  return revisions_.contains(name) ? part(name, selection, aggregate::Part::whole) : nullptr;
}

Views::Text AggregateViews::newest(const std::string& name, const Selection& selection, std::uint64_t since) const {
  const auto known = revisions_.find(name);
  if (known == revisions_.end() || since == 0 || since < known->second.before) return nullptr;
  return part(name, selection, aggregate::Part::newest);
}

Views::Text AggregateViews::older(const std::string& older_name) const {
  return shared(aggregator_.with(
      [&](const std::unique_ptr<aggregate::Aggregator>& held) { return held->older_json(older_name); }));
}

}  // namespace rata::serve
