#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capture/source.h"
#include "pipeline/intake.h"

namespace rata::app {

/// What a pass over captures found beside the packets.
struct CaptureFacts {
  std::uint64_t packets = 0, octets = 0;
  std::optional<util::Time> first, last;  ///< earliest and latest stamp
  std::uint64_t left_out = 0;             ///< packets that the source could not hand over: `errors` says why
  std::set<capture::LinkType> link_types;
  std::vector<std::string> errors;  ///< what was cut, damaged or could not be opened
  bool interrupted = false;
};

/// Reads captures and folders of them as one input, in time order, into `intake`, to their end or until Ctrl-C; then
/// finishes it. Shows progress on a terminal.
/// SIGUSR1 prints the balance until then on standard error.
/// `after_read` is called after each read, also one that brought nothing yet; false ends the reading.
CaptureFacts read_captures(const std::vector<std::string>& files, pipeline::Intake& intake,
                           const std::function<bool()>& after_read = {});

/// "ETHERNET", "LINUX_SLL": the LINKTYPE_ names of pcap files; the number where there is none.
std::string link_type_text(capture::LinkType type);

}  // namespace rata::app
