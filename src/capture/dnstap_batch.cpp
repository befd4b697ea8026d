#include "capture/dnstap_batch.h"

#include "capture/dnstap_message.h"

namespace rata::capture {

void DnstapBatch::begin(std::vector<Frame>& batch) {
  batch.clear();
  batch_ = &batch;
  used_ = 0;
}

void DnstapBatch::add(std::span<const std::uint8_t> frame) {
  DnstapMessage message = read_dnstap(frame);
  if (!message.time && arrival_ != nullptr) {
    message.time = arrival_->now();
    message.envelope.lacks.remove(util::Member::time);
  }
  // Without a time of its own a message stands beside the one before it: packet time does not move.
  if (message.time) last_time_ = *message.time;
  Envelope& envelope = envelopes_[used_++];
  envelope = message.envelope;
  batch_->push_back({.octets = message.octets,
                     .time = last_time_,
                     .ordinal = stats_.frames++,
                     .original_length = static_cast<std::uint32_t>(message.octets.size()),
                     .link = LinkType::Dnstap,
                     .envelope = &envelope});
  stats_.octets += message.octets.size();
}

}  // namespace rata::capture
