#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "capture/source.h"

namespace rata::capture {

/// One of several inputs that are read as one.
struct Member {
  /// Opened already: a pipe, standard input. Otherwise a file that is opened when its time comes.
  std::unique_ptr<Source> source;
  std::string path;
  util::Time first;         ///< a file's first stamp
  std::size_t order = 0;    ///< as given: decides between equal stamps
  std::uint16_t input = 0;  ///< Frame::input of its frames
};

/// What the looking before the reading has found.
struct Inputs {
  std::vector<Member> members;
  std::vector<util::Error> errors;
  std::set<LinkType> link_types;  ///< of files without a frame
};

/// Reads the members as one input, merged by the stamps of their frames: always the earliest of those frames that are
/// next in their member, so the frames of one member keep their order whatever their stamps. Only the members that
/// overlap are open at a time.
std::unique_ptr<Source> merge_sources(std::string name, Inputs inputs);

}  // namespace rata::capture
