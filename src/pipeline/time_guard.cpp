#include "pipeline/time_guard.h"

namespace rata::pipeline {

TimeGuard::Verdict TimeGuard::hold(const capture::Frame& frame) {
  Held& held = held_.emplace_back();
  held.octets.assign(frame.octets.begin(), frame.octets.end());
  held.frame = frame;
  if (frame.envelope != nullptr) {
    held.envelope = *frame.envelope;
    held.source_text = frame.envelope->source_text;
    held.destination_text = frame.envelope->destination_text;
  }
  return held_.size() < witnesses ? Verdict::held : Verdict::believe;
}

std::span<const capture::Frame> TimeGuard::held() {
  views_.clear();
  for (Held& held : held_) {
    held.frame.octets = held.octets;
    held.envelope.source_text = held.source_text;
    held.envelope.destination_text = held.destination_text;
    if (held.frame.envelope != nullptr) held.frame.envelope = &held.envelope;
    views_.push_back(held.frame);
  }
  return views_;
}

}  // namespace rata::pipeline
