#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "capture/frame.h"
#include "util/result.h"
#include "util/time.h"

namespace rata::capture {

/// What one read brought.
enum class Read {
  frames,  ///< at least one frame
  idle,    ///< nothing within about 200 ms; ask again (live links and pipes)
  end,     ///< the input is at its end, or stopped by `stop`, or failed: see `errors`
};

/// Counters of one source. Units: frames and octets.
struct SourceStats {
  std::uint64_t frames = 0;
  std::uint64_t octets = 0;          ///< captured, without record headers
  std::uint64_t kernel_dropped = 0;  ///< lost before we saw them (live)
  std::uint64_t left_out = 0;        ///< seen, but not handed over: see errors()
};

/// Complaints of one source that are kept word for word; of more only the number.
inline constexpr std::size_t max_told_errors = 16;

/// Hands over frames in input order, or DNS messages with their envelopes.
/// Thread: one thread reads; `stop` may be called from any thread and from a signal handler's side.
class Source {
 public:
  virtual ~Source() = default;

  /// Replaces the content of `batch` (at most `max_batch` frames). Does not allocate once warm.
  /// Lifetime: the frames' octets stay until the next read.
  virtual Read read(std::vector<Frame>& batch) = 0;

  /// What kept parts of the input from being read: damaged, cut, interface gone. Each message names input and offset.
  virtual const std::vector<util::Error>& errors() const = 0;
  /// What single peers of a source that serves many did wrong. It is told, and the source itself is sound: it goes on,
  /// and its end is no failure. At most `max_told_errors` word for word; the last then sums up the others.
  virtual const std::vector<util::Error>& complaints() const {
    static const std::vector<util::Error> none;
    return none;
  }
  virtual SourceStats stats() = 0;
  /// How much of `stats().kernel_dropped` was lost before `time`, by the clock, to about 100 ms; as far as it had been
  /// noticed at the last read or `stats`. INT64_MAX: all of it. Thread: any.
  virtual std::uint64_t kernel_dropped_before(util::Time) const { return 0; }
  virtual bool live() const = 0;
  virtual const std::set<LinkType>& link_types() const = 0;  ///< seen so far
  virtual const std::string& name() const = 0;               ///< as the user gave it

  /// Lets a waiting or later `read` return `end` soon; what lies ready may be handed over first.
  virtual void stop() = 0;
};

/// Frames of a batch: small enough to stay in the second-level cache with all that is computed from them.
inline constexpr std::size_t max_batch = 1024;

/// In libpcap's language; empty: all frames. Link layers without VLANs cannot be asked for them.
struct LiveFilter {
  std::string ethernet, other;
};

struct SourceOptions {
  LiveFilter filter;          ///< interfaces only
  bool arrival_time = false;  ///< "dnstap:" and "speedy:": a message without a time gets that of its arrival
  const util::Clock* clock = &util::Clock::system();  ///< the one that tells it
  std::size_t buffer_octets = 512 * 1024;      ///< captures: room for what is read at a time; larger records get more
  std::size_t ring_octets = 32 * 1024 * 1024;  ///< interfaces: for each, in all its rings together
  std::function<bool()> interrupted;           ///< asked before each of many files that are opened; true: enough
};

/// Opens an interface name, a capture file (format by content), a folder of captures, or "-" for standard input;
/// "dnstap:" before a file, "-", a Unix socket's path or "tcp:ADDRESS:PORT" reads dnstap, "speedy:" before a file or
/// "-" Speedy JSON. Errors: what cannot be opened, and what would help (the setcap line when capture is not permitted).
util::Result<std::unique_ptr<Source>> open_source(const std::string& what, const SourceOptions& options = {});

/// Opens several of them as one input, in the order of their time: a file is read when its first frame's time comes,
/// and where files overlap, their frames are merged by time; equal stamps in the order given. Of a folder all files
/// count but hidden ones, and not those in folders inside. Several interfaces are one input too; nothing that is live
/// can be together with anything else. What cannot be opened is in the source's `errors` and does not stop the others,
/// except for an interface. Errors: nothing could be opened.
util::Result<std::unique_ptr<Source>> open_sources(const std::vector<std::string>& what,
                                                   const SourceOptions& options = {});

/// A file, whatever it is called. Nothing but a regular file is one.
struct FileIdentity {
  std::uint64_t device = 0, number = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};
std::optional<FileIdentity> identity_of(int descriptor);

/// Whether `what`, as `open_source` takes it, reads this file: by its own name, out of a folder, or as standard input.
bool reads_file(const std::string& what, const FileIdentity& file);
/// Whether `what` is that folder, all files of which are read.
bool reads_folder(const std::string& what, const std::string& folder);

/// "a.pcap and 2 more", for messages.
std::string name_of_sources(const std::vector<std::string>& what);

}  // namespace rata::capture
