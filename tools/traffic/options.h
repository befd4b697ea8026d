#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace rata::traffic {

/// A limit that is never reached.
constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max();

/// A flood of random subdomains of the first victim, once. Units: seconds since the start; share of the queries.
struct Attack {
  double begin_s = 0;
  double end_s = 0;
  double share = 0;
};

/// The same flood, coming and going: the last `length_s` of every `period_s`, and `rate_factor` times the queries.
struct AttackCycle {
  double period_s = 0;  ///< 0: never
  double length_s = 0;
  double share = 0;
  double rate_factor = 1.5;
};

/// What to write, and how much of what. Shares are from 0 to 1. The defaults are those of a file; real_time.h says
/// what real time is; `use_real_time_defaults` sets what differs there.
struct Options {
  std::string out;       ///< "-": standard output
  std::string manifest;  ///< empty: where Manifest goes by itself, see main.cpp
  std::string tld = "cl";
  std::uint64_t seed = 1;
  std::uint64_t packets = 1'000'000;      ///< the transaction that reaches it is the last
  std::uint64_t queries = 0;              ///< transactions; 0: no limit
  double seconds = 0;                     ///< 0: no limit
  std::uint64_t start_s = 1'700'000'000;  ///< first packet, seconds since 1970; real time: 0 is now
  double qps = 100'000;
  double sway = 0;
  bool real_time = false;
  bool nano = false;

  std::uint32_t clients = 200'000;
  std::uint32_t names = 500'000;
  std::uint32_t victims = 4;
  double zipf_clients = 1.0;
  double zipf_names = 0.9;

  double v6 = .25;
  double tcp = .03;
  double junk = .20;
  double mixed_case = .15;
  double edns = .85;
  double dnssec_ok = .60;
  double recursion_desired = .20;
  double unanswered = .01;
  double malformed = .0005;  ///< of the queries
  double frag = .001;        ///< of the responses
  double noise = .005;       ///< of the packets
  double weird = .0002;      ///< of the queries

  double latency_us = 500;  ///< median
  double latency_sigma = .5;

  Attack attack;
  AttackCycle attack_cycle;

  /// What a watched demonstration wants: endless, a small population, a rate that moves.
  void use_real_time_defaults();
};

/// A command line, read. Without `run` the program prints `message` and ends with `status`.
struct Command {
  bool run = false;
  int status = 0;
  std::string message;
  Options options;
};

/// Reads the arguments after the program's name. Errors: status 2 and a message that names what was given and what
/// would be accepted.
Command parse_command_line(std::vector<std::string> arguments);

}  // namespace rata::traffic
