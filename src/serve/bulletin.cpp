#include "serve/bulletin.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace rata::serve {
namespace {

using aggregate::Board;
using aggregate::View;

Event shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::vector<std::string> names_of_changed(const Board& before, const Board& now) {
  std::vector<std::string> names;
  for (const auto& [name, view] : now) {
    const auto old = before.find(name);
    if (old == before.end() || old->second->revision != view->revision) names.push_back(name);
  }
  return names;
}

/// Null when the span does not hold that server.
const std::string* find_json(const View::Span& span, const std::string& server, Bulletin::Form form) {
  if (form == Bulletin::Form::newest) {
    const auto live = span.live_json_by_server.find(server);
    if (live != span.live_json_by_server.end()) return &live->second;
  }
  const auto whole = span.json_by_server.find(server);
  return whole == span.json_by_server.end() ? nullptr : &whole->second;
}

}  // namespace

const View::Span* find_span(const View& view, unsigned minutes) {
  const auto span = std::ranges::find(view.spans, minutes, &View::Span::minutes);
  return span == view.spans.end() ? nullptr : &*span;
}

std::string format_event(std::string_view event, std::uint64_t id, std::string_view data) {
  std::string text;
  text.reserve(data.size() + event.size() + 48);
  if (!event.empty()) fmt::format_to(std::back_inserter(text), "event: {}\n", event);
  if (id != 0) fmt::format_to(std::back_inserter(text), "id: {}\n", id);
  // A line end inside the data would end the event early; each line needs its own field.
  for (std::size_t begin = 0; begin <= data.size();) {
    const std::size_t end = std::min(data.find_first_of("\r\n", begin), data.size());
    text.append("data: ").append(data.substr(begin, end - begin)).append("\n");
    begin = end + 1;
  }
  text += '\n';
  return text;
}

void Bulletin::replace(Board board, std::string status_json, bool gap) {
  changed_ = names_of_changed(board_, board);
  board_ = std::move(board);
  gap_ = gap;
  events_.clear();
  older_events_.clear();
  status_event_ = shared(format_event("status", 0, status_json));
  status_ = shared(std::move(status_json));
}

Event Bulletin::view_event(const std::string& name, const Selection& selection, Form form) const {
  if (gap_) form = Form::whole;
  const auto view = board_.find(name);
  if (view == board_.end()) return nullptr;
  const View::Span* span = find_span(*view->second, selection.minutes);
  const std::string* json = span ? find_json(*span, selection.server, form) : nullptr;
  if (!json) return nullptr;
  Event& event = events_[{name, selection.minutes, selection.server, form}];
  if (!event) event = shared(format_event(name, view->second->revision, *json));
  return event;
}

Event Bulletin::older_event(const std::string& name) const {
  const auto known = older_events_.find(name);
  if (known != older_events_.end()) return known->second;
  for (const std::string& view : changed_) {
    const auto& older = board_.at(view)->older_json;
    const auto json = older.find(name);
    if (json != older.end()) return older_events_[name] = shared(format_event("", 0, json->second));
  }
  return nullptr;
}

std::vector<std::string> Bulletin::older_names() const {
  std::vector<std::string> names;
  for (const auto& [name, view] : board_)
    for (const auto& [older, json] : view->older_json) names.push_back(older);
  std::ranges::sort(names);
  return names;
}

}  // namespace rata::serve
