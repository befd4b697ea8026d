#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rata::script {

/// What a monitor and the process of a script tell each other beside the messages: letters on a socket, each with its
/// length in front. Who reads does not trust who writes.
enum class LetterKind : std::uint8_t {
  setup,        ///< to the script: JSON, what it is and may; behind a NUL its source
  description,  ///< from it: JSON, what its file says of itself
  result,       ///< from it: a window's result (result_octets.h)
  fault,        ///< from it: JSON, what went wrong; it ends
  print,        ///< from it: a line for the operator
  where,        ///< to the script: it is to say where it hangs, and to end
};

struct Letter {
  LetterKind kind = LetterKind::setup;
  std::vector<std::uint8_t> octets;

  std::string_view text() const { return {reinterpret_cast<const char*>(octets.data()), octets.size()}; }
};

/// One end. Thread: one at a time.
class Mailbox {
 public:
  /// Takes the descriptor over. `most_octets`: of one letter that is read; a longer one ends the connection.
  Mailbox(int fd, std::size_t most_octets) : fd_(fd), most_octets_(most_octets) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;
  ~Mailbox();

  int fd() const { return fd_; }

  /// Waits until all of it is on its way. False: the other end has gone.
  bool send(LetterKind kind, std::span<const std::uint8_t> octets);
  bool send(LetterKind kind, std::string_view text) {
    return send(kind, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }

  /// The next letter that is wholly there. nullopt: none is.
  std::optional<Letter> next();
  /// Waits for one, at most so long; -1: for as long as it takes.
  std::optional<Letter> wait(int most_ms);
  /// The other end has gone, or what it writes is no letter; and nothing is left to be read.
  bool is_closed() const { return closed_ && !holds_letter(); }

 private:
  void fill();
  std::span<const std::uint8_t> rest() const { return std::span(read_).subspan(taken_); }
  bool holds_letter() const;
  std::optional<Letter> take();

  int fd_;
  std::size_t most_octets_;
  std::vector<std::uint8_t> read_;
  std::size_t taken_ = 0;  ///< of these; many small letters do not move what follows them
  bool closed_ = false;
};

}  // namespace rata::script
