#include "serve/bulletin.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace rata::serve {
namespace {

// A client that reconnects after so many publications gets whole views: half a minute of them at one a second.
constexpr std::size_t publications_kept = 32;
// Texts of views that nobody may ask for again. Beyond it all are made anew when somebody does.
constexpr std::size_t most_kept_octets = 64 * 1024 * 1024;

Event shared(std::string text) { return std::make_shared<const std::string>(std::move(text)); }

std::vector<std::string> names_of_changed(const Bulletin::Revisions& before, const Bulletin::Revisions& now) {
  std::vector<std::string> names;
  for (const auto& [name, revision] : now) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != revision) names.push_back(name);
  }
  return names;
}

}  // namespace

std::string format_event(std::string_view event, std::string_view data) {
  std::string text;
  text.reserve(data.size() + event.size() + 32);
  if (!event.empty()) fmt::format_to(std::back_inserter(text), "event: {}\n", event);
  // A line end inside the data would end the event early; each line needs its own field.
  for (std::size_t begin = 0; begin <= data.size();) {
    const std::size_t end = std::min(data.find_first_of("\r\n", begin), data.size());
    text.append("data: ").append(data.substr(begin, end - begin)).append("\n");
    begin = end + 1;
  }
  text += '\n';
  return text;
}

void Bulletin::replace(std::shared_ptr<const Views> views, std::string status_json) {
  Publication now{.number = ++number_, .revisions = {}};
  for (const std::string& name : views->names()) now.revisions[name] = views->revision(name);
  changed_ = names_of_changed(publications_.empty() ? Revisions() : publications_.back().revisions, now.revisions);
  publications_.push_back(std::move(now));
  if (publications_.size() > publications_kept) publications_.pop_front();
  views_ = std::move(views);
  forget_changed();
  status_changed_ = status_ == nullptr || *status_ != status_json;
  status_event_ = shared(format_event("status", status_json));
  status_ = shared(std::move(status_json));
  mark_ = shared(fmt::format("id: {}-{}\n\n", epoch_, number_));
}

/// Events are for this publication's listeners; texts stay right as long as their view is the same.
void Bulletin::forget_changed() {
  events_.clear();
  older_events_.clear();
  const Revisions& now = publications_.back().revisions;
  std::erase_if(texts_, [&](const auto& text) {
    const std::string& name = std::get<0>(text.first);
    return !now.contains(name) || std::ranges::binary_search(changed_, name);
  });
  kept_octets_ = 0;
  for (const auto& [key, text] : texts_) kept_octets_ += text->size();
}

/// Makes room for one more. Who is being sent a text keeps it.
void Bulletin::keep(std::size_t octets) const {
  kept_octets_ += octets;
  if (kept_octets_ <= most_kept_octets) return;
  texts_.clear();
  events_.clear();
  kept_octets_ = octets;
}

std::vector<std::string> Bulletin::names() const {
  std::vector<std::string> names;
  if (empty()) return names;
  for (const auto& [name, revision] : publications_.back().revisions) names.push_back(name);
  return names;
}

std::vector<aggregate::Scope> Bulletin::scopes() const {
  return empty() ? std::vector<aggregate::Scope>() : views_->scopes();
}

std::uint64_t Bulletin::revision(const std::string& name) const {
  if (empty()) return 0;
  const Revisions& now = publications_.back().revisions;
  const auto found = now.find(name);
  return found == now.end() ? 0 : found->second;
}

std::optional<std::uint64_t> Bulletin::number_of(std::string_view id) const {
  if (!id.starts_with(epoch_) || id.substr(epoch_.size()).empty() || id[epoch_.size()] != '-') return std::nullopt;
  const std::string_view digits = id.substr(epoch_.size() + 1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(digits.begin(), digits.end(), number);
  if (error != std::errc() || end != digits.end() || number > number_) return std::nullopt;
  return number;
}

const Bulletin::Revisions* Bulletin::revisions_at(std::uint64_t number) const {
  const auto found = std::ranges::find(publications_, number, &Publication::number);
  return found == publications_.end() ? nullptr : &found->revisions;
}

Views::Text Bulletin::view(const std::string& name, const Selection& selection) const {
  const Key key{name, selection, 0};
  const auto known = texts_.find(key);
  if (known != texts_.end()) return known->second;
  Views::Text text = empty() ? nullptr : views_->json(name, selection);
  if (!text) return nullptr;
  keep(text->size());
  texts_[key] = text;
  return text;
}

Event Bulletin::view_event(const std::string& name, const Selection& selection, std::uint64_t since) const {
  const Key key{name, selection, since};
  const auto known = events_.find(key);
  if (known != events_.end()) return known->second;
  Views::Text text = since != 0 && !empty() ? views_->newest(name, selection, since) : nullptr;
  if (!text && since != 0) return events_[key] = view_event(name, selection, 0);
  if (!text) text = view(name, selection);
  if (!text) return nullptr;
  Event event = shared(format_event(name, *text));
  keep(event->size());
  events_[key] = event;
  return event;
}

std::vector<std::string> Bulletin::older_names() const {
  std::vector<std::string> names;
  if (empty()) return names;
  for (const auto& [older, view] : views_->older_names()) names.push_back(older);
  return names;
}

Event Bulletin::older_event(const std::string& name) const {
  const auto known = older_events_.find(name);
  if (known != older_events_.end()) return known->second;
  if (empty()) return nullptr;
  const auto names = views_->older_names();
  const auto view = names.find(name);
  if (view == names.end() || !std::ranges::binary_search(changed_, view->second)) return nullptr;
  const Views::Text json = views_->older(name);
  if (!json) return nullptr;
  return older_events_[name] = shared(format_event("", *json));
}

}  // namespace rata::serve
