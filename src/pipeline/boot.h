#pragma once

#include <span>
#include <string>
#include <string_view>

#include "capture/frame.h"

namespace rata::pipeline {

/// Boots (summary::Id): of a live input one that no other run has; of all others one that the same input has again.
std::string random_boot();
/// Of the first frame that says which input it is, one frame whatever the first read brought, and of what the
/// configuration makes of it. "": none of these does: a record without time or message says nothing, and no window
/// closes over such ones.
std::string boot_of(std::string_view fingerprint, std::span<const capture::Frame> frames);

}  // namespace rata::pipeline
