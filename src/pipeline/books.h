#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "decode/fragments.h"
#include "decode/joiner.h"
#include "dns/message.h"
#include "script/script.h"

namespace rata::pipeline {

/// What came in and what became of it: every frame, TCP octet, message and window is in exactly one figure.
struct Books {
  std::uint64_t frames = 0;            ///< handed over by the source
  std::uint64_t octets = 0;            ///< captured, without record headers
  std::uint64_t kernel_lost = 0;       ///< not in `frames`
  std::uint64_t left_out = 0;          ///< not in `frames`: the source saw them, but could not hand them over
  std::uint64_t outside_time = 0;      ///< frames outside --from and --to
  std::uint64_t implausible_time = 0;  ///< frames whose stamp was a day ahead of those around them (only with windows)
  std::uint64_t no_time = 0;           ///< frames without a time before any that has one (only with windows by time)
  decode::Outcomes outcomes{};         ///< of all other frames
  decode::Outcomes first_frame{};      ///< that was refused so, by its place in the input from 1; 0: none
  decode::FragmentCounters fragments;  ///< IP fragments among the decoded frames
  decode::JoinerCounters decode;       ///< TCP octets

  std::uint64_t messages = 0;  ///< DNS payloads handed over by decode
  std::uint64_t well_formed = 0;
  std::array<std::uint64_t, static_cast<std::size_t>(dns::Malformed::count_)> malformed{};
  std::array<std::uint64_t, static_cast<std::size_t>(dns::Malformed::count_)> first_malformed{};  ///< as first_frame
  std::uint64_t broken_records = 0;  ///< of the well-formed: a record after the first question could not be read

  std::uint64_t late_packets = 0;    ///< of the well-formed: not in any window
  std::int64_t largest_jump_ns = 0;  ///< the farthest that one frame moved packet time forward
  std::uint64_t jump_frame = 0;      ///< that frame's place in the input
  std::uint64_t windows = 0;         ///< closed
  std::uint64_t gap_windows = 0;     ///< left out: in a gap of the input of over an hour

  /// Messages that a reducer skipped because they lack something, by "reducer: member". They are in no equation: others
  /// saw them.
  std::map<std::string, std::uint64_t> lacking;

  /// Messages by script: given = counted + waiting + missed, of each.
  std::vector<script::ScriptFigures> scripts;

  /// Summaries over all channels: pushed = sent + refused + waiting + dropped.
  std::uint64_t summaries_pushed = 0, summaries_sent = 0, summaries_refused = 0, summaries_waiting = 0,
                summaries_dropped = 0;
  /// Of those pushed, in no equation: found in a spool when it was opened; could not be written there.
  std::uint64_t summaries_found = 0, summaries_unspooled = 0;
  /// Of channels without promises, in no equation: sent while nobody listened; sent again in doubt.
  std::uint64_t summaries_unheard = 0, summaries_perhaps_twice = 0;

  /// What became of a frame.
  void count(decode::Outcome outcome, std::uint64_t ordinal) {
    ++outcomes[static_cast<std::size_t>(outcome)];
    if (decode::class_of(outcome) != decode::OutcomeClass::refused) [[likely]]
      return;
    std::uint64_t& first = first_frame[static_cast<std::size_t>(outcome)];
    if (first == 0) first = ordinal + 1;
  }

  /// Adds what another monitor, or another intake of the same one, read and counted: all but what the kernel lost, what
  /// the source left out and the summaries, since inputs and channels go on from one to the next. Of what was first,
  /// that which stands first in its own.
  Books& operator+=(const Books& other);

  std::uint64_t malformed_total() const;
  std::uint64_t decoded() const;
  std::uint64_t filtered() const;  ///< outside_time included
  std::uint64_t refused() const;   ///< implausible_time and no_time included

  /// Something is missing that may have held messages: it could not be read, joined or kept.
  bool lost_any() const;

  /// Every equation holds.
  bool balanced() const;
};

/// One figure of the books, for all who show them: JSON, Prometheus, the balance at the end.
struct Counter {
  std::string_view group;   ///< "frames", "tcp_octets", "messages", "windows", "summaries"
  std::string_view name;    ///< "decoded", "refused", ...
  std::string_view reason;  ///< "" where the name says all
  std::uint64_t value = 0;
  std::string_view help;
  std::uint64_t first_frame = 0;  ///< where to look for an example: its place in the input from 1; 0: not known
};
std::vector<Counter> counters(const Books& books);

/// Lines for people: one equation a line, then the reasons that are not zero.
std::string balance_text(const Books& books);
/// Why so much is late, when one frame's stamp is to blame: a sentence, or "".
std::string jump_text(const Books& books);
/// {"frames":{"in":..,"decoded":..},...}
nlohmann::ordered_json balance_json(const Books& books);
/// {"short_header":2}: the reasons that are not zero.
nlohmann::ordered_json malformed_json(const Books& books);

}  // namespace rata::pipeline
