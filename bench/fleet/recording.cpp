#include "fleet/recording.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <utility>

namespace rata::fleet {
namespace {

// Shorter texts are cheaper to compress again, together with their neighbours, than to unpack as frames of their own.
constexpr std::size_t least_frame_octets = 512;

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

util::Result<void> RecordedWindow::add(std::string_view line, channel::Compressor& compressor) {
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
    keep(line.substr(done, begin - done), compressor);
    pieces_.push_back({kind, {}});
    done = begin + value.size();
  }
  keep(std::string(line.substr(done)) + '\n', compressor);
  ++lines_;
  octets_ += line.size() + 1;
  return {};
}

void RecordedWindow::keep(std::string_view text, channel::Compressor& compressor) {
  if (text.size() >= least_frame_octets)
    pieces_.push_back({Kind::frame, compressor.compress(std::string(text))});
  else
    pieces_.push_back({Kind::text, std::string(text)});
}

std::string RecordedWindow::body(const Stamp& stamp, channel::Compressor& compressor) const {
  std::string body, text;
  for (const Piece& piece : pieces_) switch (piece.kind) {
      case Kind::frame:
        body += compressor.compress(std::exchange(text, {})) + piece.octets;
        break;
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
  return body + compressor.compress(std::move(text));
}

util::Result<Recording> read_recording(const std::string& path, const std::vector<std::string>& reducers) {
  std::ifstream file(path);
  if (!file) return util::Error{fmt::format("{} cannot be opened; a file of summaries is needed", path)};
  channel::Compressor compressor(channel::Compression::zstd);
  std::map<std::uint64_t, RecordedWindow> windows;
  for (std::string line; std::getline(file, line);) {
    if (!reducers.empty() && std::ranges::find(reducers, type_of(line)) == reducers.end()) continue;
    const std::string sequence = sequence_of(line);
    const bool is_number = !sequence.empty() && sequence.size() < 10 &&
                           std::ranges::all_of(sequence, [](char digit) { return digit >= '0' && digit <= '9'; });
    if (!is_number) return util::Error{fmt::format("{}: no line of ratadns: {:.80}", path, line)};
    if (auto added = windows[std::stoull(sequence)].add(line, compressor); !added)
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
