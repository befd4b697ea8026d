#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <vector>

#include "capture/speedy_file.h"
#include "capture/speedy_record.h"
#include "dns/message.h"

namespace {

using rata::capture::Envelope;

void check(const rata::capture::Frame& frame) {
  const Envelope& envelope = *frame.envelope;
  if (envelope.content != Envelope::Content::message) {
    if (!frame.octets.empty()) std::abort();
    return;
  }
  // What we make of it is a message, whatever it was made of.
  rata::dns::Message message;
  if (rata::dns::parse(frame.octets, message) != rata::dns::Malformed::none || message.broken_records) std::abort();
  if (envelope.source_text.size() > rata::capture::SpeedyRecord::max_address_octets) std::abort();
}

}  // namespace

/// Any octets as a file: every record is a sound message or refused, and damage is told.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int file = ::memfd_create("speedy", MFD_CLOEXEC);
  if (::pwrite(file, data, size, 0) != static_cast<ssize_t>(size)) std::abort();
  const auto source = rata::capture::open_speedy_file("speedy:x", rata::capture::Descriptor(file), false, {});
  std::vector<rata::capture::Frame> batch;
  std::uint64_t unreadable = 0;
  while (source->read(batch) == rata::capture::Read::frames)
    for (const auto& frame : batch) {
      check(frame);
      unreadable += frame.envelope->content == Envelope::Content::unreadable;
    }
  if (unreadable != 0 && source->errors().empty()) std::abort();
  return 0;
}
