#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rata::capture {

/// The content type of dnstap's frames.
inline constexpr std::string_view dnstap_content_type = "protobuf:dnstap.Dnstap";

/// A DNS message has at most 65535 octets and dnstap little beside it: a longer frame is damage or an attack.
inline constexpr std::size_t max_data_frame_octets = 1024 * 1024;

/// The octets of a file begin as Frame Streams do when nobody is there to shake hands with: with a START frame.
bool looks_like_frame_streams(std::span<const std::uint8_t> octets);

/// Reads the octets of one writer, as a state machine without input of its own. It takes part in the handshake of a
/// writer that wants one (READY, answered with ACCEPT) as well as in none (START comes first); a STOP is answered with
/// FINISH where there was a handshake. After a STOP another stream may begin: files laid end to end.
/// Source: the Frame Streams format as fstrm defines it.
class FrameStreams {
 public:
  enum class Event {
    more,   ///< the next frame is not whole: `wanted` octets are needed
    data,   ///< `octets` is a data frame's payload
    reply,  ///< `octets` is a frame for the writer; without a way back it is left out
    broken  ///< nothing behind it can be read; `fault` says why
  };
  struct Found {
    Event event;
    std::size_t taken;                     ///< how many of the octets are done with; of `broken`: where that begins
    std::span<const std::uint8_t> octets;  ///< Lifetime: of `data` the octets given, of `reply` the next call
  };

  /// Looks at what has come and was not taken yet.
  Found next(std::span<const std::uint8_t> waiting);

  std::size_t wanted() const { return wanted_; }       ///< octets of the frame that is not whole
  const std::string& fault() const { return fault_; }  ///< a part of a sentence, without place
  bool open() const { return state_ == State::open; }
  bool stopped() const { return state_ == State::stopped; }
  /// The frame that is not whole, or with which it broke, is a data frame as far as is known.
  bool in_data() const { return in_data_; }

 private:
  enum class State { fresh, accepted, open, stopped, broken };
  struct Control {
    std::uint32_t type = 0;
    bool named = false;                        ///< it names content types
    bool ours = false;                         ///< dnstap is one of them
    std::span<const std::uint8_t> first_name;  ///< for the message
  };

  Found control(std::span<const std::uint8_t> payload, std::size_t taken);
  bool read_fields(std::span<const std::uint8_t> payload, Control& control);
  Found start(const Control& control, std::size_t taken);
  Found ready(const Control& control, std::size_t taken);
  Found stop(std::size_t taken);
  Found more(std::size_t taken, std::size_t wanted);
  Found broken(std::string why);
  Found wrong_content(const Control& control);
  Found reply(std::uint32_t type, std::string_view content_type, std::size_t taken);

  State state_ = State::fresh;
  bool handshake_ = false;
  bool in_data_ = false;
  std::size_t begin_ = 0;  ///< where the frame at hand begins in what was given
  std::size_t wanted_ = 0;
  std::vector<std::uint8_t> reply_;
  std::string fault_;
};

}  // namespace rata::capture
