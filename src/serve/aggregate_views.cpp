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

/// What goes by the same name is added up by its own law, and so before anything is cut or text.
aggregate::Look look_of(const Selection& selection) {
  aggregate::Look look{.sketches = selection.sketches};
  if (selection.addresses != Visibility::full)
    look.renaming = [visibility = selection.addresses](std::string_view text) {
      return masked_addresses(text, visibility);
    };
  return look;
}

}  // namespace

AggregateViews::AggregateViews(const SharedAggregator& aggregator) : aggregator_(aggregator) {
  aggregator_.with([&](const std::unique_ptr<aggregate::Aggregator>& held) {
    held->settle();
    for (const aggregate::ViewInfo& info : held->views()) revisions_[info.name] = info.revision;
    for (const aggregate::Group& group : held->groups()) scopes_.push_back(aggregate::Scope::group(group.name));
    for (const aggregate::ServerState& server : held->servers())
      scopes_.push_back(aggregate::Scope::server(server.name));
    for (const std::string& name : held->older_names()) older_names_[name] = held->older_view(name);
  });
  std::ranges::sort(scopes_);
}

std::vector<std::string> AggregateViews::names() const {
  std::vector<std::string> names;
  for (const auto& [name, revision] : revisions_) names.push_back(name);
  return names;
}

std::uint64_t AggregateViews::revision(const std::string& name) const {
  const auto known = revisions_.find(name);
  return known == revisions_.end() ? 0 : known->second;
}

Views::Text AggregateViews::json(const std::string& name, const Selection& selection) const {
  auto text = aggregator_.with([&](const std::unique_ptr<aggregate::Aggregator>& held) {
    return held->json(name, selection.minutes, selection.scope, look_of(selection));
  });
  return shared(std::move(text));
}

Views::Text AggregateViews::newest(const std::string& name, const Selection& selection, std::uint64_t since) const {
  auto text = aggregator_.with([&](const std::unique_ptr<aggregate::Aggregator>& held) {
    return held->newest(name, selection.minutes, selection.scope, since);
  });
  return shared(std::move(text));
}

Views::Text AggregateViews::older(const std::string& older_name) const {
  auto text = aggregator_.with(
      [&](const std::unique_ptr<aggregate::Aggregator>& held) { return held->older_json(older_name); });
  return shared(std::move(text));
}

}  // namespace rata::serve
