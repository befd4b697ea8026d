#include "board_views.h"

#include <algorithm>
#include <set>
#include <utility>

namespace rata::serve {
namespace {

using aggregate::Scope;
using Texts = std::map<std::string, std::string>;

/// One text of a view, which it keeps alive. Null: the map does not hold it.
Views::Text text_in(const std::shared_ptr<const SampleView>& view, const Texts& texts, const std::string& key) {
  const auto found = texts.find(key);
  return found == texts.end() ? nullptr : Views::Text(view, &found->second);
}

/// Null when the view has no such span, or not in a form that the selection allows.
const SampleView::Span* find_span(const SampleView& view, const Selection& selection) {
  if (selection.addresses != Visibility::full || selection.scope.kind == Scope::Kind::group) return nullptr;
  const auto span = std::ranges::find(view.spans, selection.minutes, &SampleView::Span::minutes);
  return span == view.spans.end() ? nullptr : &*span;
}

}  // namespace

std::vector<std::string> BoardViews::names() const {
  std::vector<std::string> names;
  for (const auto& [name, view] : board_) names.push_back(name);
  return names;
}

std::vector<Scope> BoardViews::scopes() const {
  std::set<std::string> servers;
  for (const auto& [name, view] : board_)
    for (const SampleView::Span& span : view->spans)
      for (const auto& [server, json] : span.json_by_server)
        if (!server.empty()) servers.insert(server);
  std::vector<Scope> scopes;
  for (const std::string& server : servers) scopes.push_back(Scope::server(server));
  return scopes;
}

std::uint64_t BoardViews::revision(const std::string& name) const {
  const auto view = board_.find(name);
  return view == board_.end() ? 0 : view->second->revision;
}

Views::Text BoardViews::json(const std::string& name, const Selection& selection) const {
  const auto view = board_.find(name);
  const SampleView::Span* span = view == board_.end() ? nullptr : find_span(*view->second, selection);
  return span ? text_in(view->second, span->json_by_server, selection.scope.name) : nullptr;
}

Views::Text BoardViews::newest(const std::string& name, const Selection& selection, std::uint64_t since) const {
  const auto view = board_.find(name);
  if (since == 0 || since + 1 != revision(name)) return nullptr;
  const SampleView::Span* span = view == board_.end() ? nullptr : find_span(*view->second, selection);
  return span ? text_in(view->second, span->live_json_by_server, selection.scope.name) : nullptr;
}

std::map<std::string, std::string> BoardViews::older_names() const {
  std::map<std::string, std::string> names;
  for (const auto& [name, view] : board_)
    for (const auto& [older, json] : view->older_json) names[older] = name;
  return names;
}

Views::Text BoardViews::older(const std::string& older_name) const {
  for (const auto& [name, view] : board_)
    if (Text text = text_in(view, view->older_json, older_name)) return text;
  return nullptr;
}

void publish(Server& server, Board board, std::string status_json) {
  server.publish(std::make_shared<const BoardViews>(std::move(board)), std::move(status_json));
}

}  // namespace rata::serve
