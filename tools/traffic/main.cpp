#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "traffic/addresses.h"
#include "traffic/generator.h"
#include "traffic/manifest.h"
#include "traffic/options.h"
#include "traffic/output.h"
#include "traffic/pcap_writer.h"
#include "traffic/real_time.h"
#include "traffic/truth.h"

namespace {

using namespace rata::traffic;

// The one thing that a signal's handler can reach.
volatile std::sig_atomic_t stop_is_asked = 0;  // NOLINT

/// The first SIGINT or SIGTERM asks for an end with everything written; the second ends the program at once.
void stop_on_signals() {
  struct sigaction action = {};
  action.sa_handler = [](int) { stop_is_asked = 1; };
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int fail(const std::string& what, int error) {
  fmt::print(stderr, "ratadns-traffic: {}: {}\n", what, std::strerror(error));
  return 1;
}

bool wants_manifest(const Options& options) { return !options.real_time || !options.manifest.empty(); }

/// Errors: the program's status.
int write_manifest(const Options& options, const std::string& text) {
  std::FILE* const fallback = options.out == "-" ? stderr : stdout;
  std::FILE* const file = options.manifest.empty() ? fallback : std::fopen(options.manifest.c_str(), "w");
  if (file == nullptr) return fail("open " + options.manifest, errno);
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size() && std::fflush(file) == 0;
  const int error = errno;
  if (!options.manifest.empty()) std::fclose(file);
  return written ? 0 : fail("write the manifest", error);
}

int run(const Options& options) {
  FileOutput output(options.out);
  if (output.error() != 0) return fail("open " + options.out, output.error());
  PcapWriter writer(output, options.nano ? Resolution::nanoseconds : Resolution::microseconds);
  Addresses addresses(options);
  Truth truth(wants_manifest(options) ? Keep::everything : Keep::bounded);
  std::signal(SIGPIPE, SIG_IGN);
  if (options.real_time) {
    stop_on_signals();
    SystemClock clock;
    run_in_real_time(options, clock, addresses, writer, truth, [] { return stop_is_asked != 0; });
  } else {
    Generator(options, options.start_s * 1'000'000'000, addresses, writer, truth).run_to_end();
  }
  const int error = writer.error() != 0 ? writer.error() : output.close();
  // In real time the reader decides how long it lasts.
  const bool reader_left = options.real_time && error == EPIPE;
  if (error != 0 && !reader_left) return fail("write " + options.out, error);
  if (!wants_manifest(options)) return 0;
  return write_manifest(options, manifest(options, writer, addresses, truth).dump(2) + "\n");
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const Command command = parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
    if (!command.run) {
      fmt::print(command.status == 0 ? stdout : stderr, "{}", command.message);
      return command.status;
    }
    if (command.options.out == "-" && ::isatty(STDOUT_FILENO) == 1) {
      fmt::print(stderr,
                 "ratadns-traffic: --out - given, but standard output is a terminal; accepted: a pipe or a file\n");
      return 2;
    }
    return run(command.options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "ratadns-traffic: {}\n", error.what());
    return 1;
  }
}
