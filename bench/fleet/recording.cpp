#include "fleet/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <utility>

namespace rata::fleet {
namespace {

/// The value of a member, which is text in quotes or a number.
std::string_view value_after(std::string_view line, std::string_view name, std::size_t from) {
  const std::size_t found = line.find(name, from);
  if (found == std::string_view::npos) return {};
  const std::size_t begin = found + name.size();
  return line.substr(begin, line.find_first_of("\",}", begin) - begin);
}

std::string_view type_of(std::string_view line) { return value_after(line, "\"type\":\"", 0); }

std::string sequence_of(std::string_view line) {
  return std::string(value_after(line, "\"sequence\":", line.rfind(",\"id\":{")));
}

}  // namespace

util::Result<void> RecordedWindow::add(std::string_view line) {
  // Members before and behind `data` alone: what stands inside it may look like any of them.
  const std::size_t behind = line.rfind(",\"version\":");
  const std::array<std::pair<Kind, std::string_view>, 5> values{
      {{Kind::server, value_after(line, "\"serverId\":\"", 0)},
       {Kind::server, value_after(line, "\"monitor\":\"", behind)},
       {Kind::start, value_after(line, "\"start\":\"", behind)},
       {Kind::boot, value_after(line, "\"boot\":\"", behind)},
       {Kind::sequence, value_after(line, "\"sequence\":", behind)}}};
  std::size_t done = 0;
  for (const auto& [kind, value] : values) {
    const auto begin = static_cast<std::size_t>(value.data() - line.data());
    if (value.empty() || begin < done) return util::Error{fmt::format("no line of ratadns: {:.80}", line)};
    pieces_.push_back({Kind::text, std::string(line.substr(done, begin - done))});
    pieces_.push_back({kind, {}});
    done = begin + value.size();
  }
  pieces_.push_back({Kind::text, std::string(line.substr(done)) + '\n'});
  ++lines_;
  octets_ += line.size() + 1;
  return {};
}

void RecordedWindow::append(std::string& text, const Stamp& stamp) const {
  for (const Piece& piece : pieces_) switch (piece.kind) {
      case Kind::text:
        text += piece.octets;
        break;
      case Kind::server:
        text += stamp.server;
        break;
      case Kind::boot:
        text += stamp.boot;
        break;
      case Kind::sequence:
        text += fmt::format("{}", stamp.sequence);
        break;
      case Kind::start:
        text += fmt::format("{}.000000000", stamp.start);
        break;
    }
}

util::Result<Recording> read_recording(const std::string& path, const std::vector<std::string>& reducers) {
  std::ifstream file(path);
  if (!file) return util::Error{fmt::format("{} cannot be opened; a file of summaries is needed", path)};
  std::map<std::uint64_t, RecordedWindow> windows;
  for (std::string line; std::getline(file, line);) {
    if (!reducers.empty() && std::ranges::find(reducers, type_of(line)) == reducers.end()) continue;
    const std::string sequence = sequence_of(line);
    const bool is_number = !sequence.empty() && sequence.size() < 10 &&
                           std::ranges::all_of(sequence, [](char digit) { return digit >= '0' && digit <= '9'; });
    if (!is_number) return util::Error{fmt::format("{}: no line of ratadns: {:.80}", path, line)};
    if (auto added = windows[std::stoull(sequence)].add(line); !added)
      return util::Error{fmt::format("{}: {}", path, added.error().message)};
  }
  if (windows.size() < 3)
    return util::Error{fmt::format("{}: has {} windows; at least 3 are needed", path, windows.size())};
  Recording recording;
  for (auto window = std::next(windows.begin()); window != std::prev(windows.end()); ++window)
    recording.push_back(std::move(window->second));
  return recording;
}

}  // namespace rata::fleet
