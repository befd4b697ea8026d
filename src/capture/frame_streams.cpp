#include "capture/frame_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "util/cursor.h"

namespace rata::capture {
namespace {

constexpr std::size_t length_octets = 4;
constexpr std::size_t max_control_octets = 512;
constexpr std::uint32_t field_content_type = 1;

enum Control : std::uint32_t { ACCEPT = 1, START = 2, STOP = 3, READY = 4, FINISH = 5 };

constexpr const char* name_of(std::uint32_t type) {
  constexpr std::array names = {"?", "ACCEPT", "START", "STOP", "READY", "FINISH"};
  return type < names.size() ? names[type] : "?";
}

/// What a peer calls its content, made safe to show.
std::string shown(std::span<const std::uint8_t> octets) {
  constexpr std::size_t most = 64;
  std::string text;
  for (const std::uint8_t octet : octets.first(std::min(octets.size(), most)))
    text += octet >= 0x20 && octet < 0x7f ? static_cast<char>(octet) : '?';
  return octets.size() > most ? text + "..." : text;
}

void append_word(std::vector<std::uint8_t>& out, std::size_t word) {
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(word >> shift));
}

}  // namespace

bool looks_like_frame_streams(std::span<const std::uint8_t> octets) {
  util::Cursor cursor(octets);
  const bool escape = cursor.u32() == 0;
  const std::uint32_t length = cursor.u32();
  return escape && length >= 4 && length <= max_control_octets && cursor.u32() == START && cursor.ok();
}

FrameStreams::Found FrameStreams::next(std::span<const std::uint8_t> waiting) {
  if (state_ == State::broken) return {Event::broken, 0, {}};
  for (std::size_t taken = 0;;) {
    begin_ = taken;
    util::Cursor cursor(waiting.subspan(taken));
    in_data_ = state_ == State::open;  // the next one most likely
    if (cursor.remaining() < length_octets) return more(taken, length_octets);
    if (const std::size_t length = cursor.u32(); length != 0) {
      in_data_ = true;
      if (state_ != State::open)
        return broken(fmt::format("a data frame of {} octets stands where a START frame belongs", length));
      if (length > max_data_frame_octets)
        return broken(
            fmt::format("a data frame says that it has {} octets; at most {} are read", length, max_data_frame_octets));
      if (cursor.remaining() < length) return more(taken, length_octets + length);
      return {Event::data, taken + length_octets + length, cursor.take(length)};
    }
    in_data_ = false;
    if (cursor.remaining() < length_octets) return more(taken, 2 * length_octets);
    const std::size_t length = cursor.u32();
    if (length > max_control_octets || length < 4)
      return broken(
          fmt::format("a control frame says that it has {} octets; 4 to {} are accepted", length, max_control_octets));
    if (cursor.remaining() < length) return more(taken, 2 * length_octets + length);
    taken += 2 * length_octets + length;
    const Found found = control(cursor.take(length), taken);
    if (found.event != Event::more) return found;
  }
}

/// `more`: nothing to tell, go on behind it.
FrameStreams::Found FrameStreams::control(std::span<const std::uint8_t> payload, std::size_t taken) {
  Control control;
  if (!read_fields(payload, control))
    return broken(fmt::format("the fields of a control frame ({}) cannot be read", name_of(control.type)));
  switch (control.type) {
    case READY:
      return ready(control, taken);
    case START:
      return start(control, taken);
    case STOP:
      return stop(taken);
    default:
      return broken(
          fmt::format("a control frame of type {} ({}) is not for a reader", control.type, name_of(control.type)));
  }
}

bool FrameStreams::read_fields(std::span<const std::uint8_t> payload, Control& control) {
  util::Cursor cursor(payload);
  control.type = cursor.u32();
  while (cursor.remaining() > 0) {
    const std::uint32_t field = cursor.u32();
    const auto value = cursor.take(cursor.u32());
    if (!cursor.ok()) return false;
    if (field != field_content_type) continue;  // more kinds may come
    if (!control.named) control.first_name = value;
    control.named = true;
    control.ours = control.ours || std::ranges::equal(value, dnstap_content_type);
  }
  return cursor.ok();
}

FrameStreams::Found FrameStreams::ready(const Control& control, std::size_t taken) {
  if (state_ != State::fresh) return broken("a READY frame comes when the stream is under way");
  if (control.named && !control.ours) return wrong_content(control);
  state_ = State::accepted;
  handshake_ = true;
  return reply(ACCEPT, control.named ? dnstap_content_type : std::string_view(), taken);
}

FrameStreams::Found FrameStreams::start(const Control& control, std::size_t taken) {
  if (state_ == State::open || (state_ == State::stopped && handshake_))
    return broken("a START frame comes when the stream is under way");
  if (control.named && !control.ours) return wrong_content(control);
  state_ = State::open;
  return more(taken, 0);
}

FrameStreams::Found FrameStreams::stop(std::size_t taken) {
  if (state_ != State::open) return broken("a STOP frame comes where no stream is under way");
  state_ = State::stopped;
  return handshake_ ? reply(FINISH, {}, taken) : more(taken, 0);
}

FrameStreams::Found FrameStreams::more(std::size_t taken, std::size_t wanted) {
  wanted_ = wanted;
  return {Event::more, taken, {}};
}

FrameStreams::Found FrameStreams::broken(std::string why) {
  state_ = State::broken;
  fault_ = std::move(why);
  return {Event::broken, begin_, {}};
}

FrameStreams::Found FrameStreams::wrong_content(const Control& control) {
  return broken(
      fmt::format("the content is \"{}\"; \"{}\" is accepted", shown(control.first_name), dnstap_content_type));
}

FrameStreams::Found FrameStreams::reply(std::uint32_t type, std::string_view content_type, std::size_t taken) {
  reply_.clear();
  append_word(reply_, 0);
  append_word(reply_, content_type.empty() ? 4 : 12 + content_type.size());
  append_word(reply_, type);
  if (!content_type.empty()) {
    append_word(reply_, field_content_type);
    append_word(reply_, content_type.size());
    reply_.insert(reply_.end(), content_type.begin(), content_type.end());
  }
  return {Event::reply, taken, reply_};
}

}  // namespace rata::capture
