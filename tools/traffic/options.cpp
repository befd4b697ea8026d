#include "traffic/options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <numeric>
#include <optional>
#include <string_view>

namespace rata::traffic {
namespace {

constexpr const char* program_name = "ratadns-traffic";
constexpr double infinite = std::numeric_limits<double>::infinity();

constexpr const char* description =
    "Writes a pcap of DNS traffic as the port mirror of a TLD's name server sees it: queries and their responses over\n"
    "UDP and TCP, IPv4 and IPv6, with junk, malformed queries, fragments and noise among them. Names and addresses "
    "are\n"
    "made up. The same options and seed give the same bytes.\n"
    "Shares (P) are from 0 to 1. In real time packets are written as their moment comes, stamped with the wall clock,\n"
    "until --packets, --queries or --seconds, if given, or SIGINT or SIGTERM.";

constexpr const char* examples =
    "Examples:\n"
    "  ratadns-traffic --out day.pcap --packets 1000000 --manifest day.json\n"
    "  ratadns-traffic --out flood.pcap --seconds 30 --qps 20000 --attack 10:20:.8 --nano\n"
    "  ratadns-traffic --realtime --out - --attack-cycle 60:15:.7 | tcpdump -nr -\n"
    "  ratadns-traffic --realtime --out - --qps 500 --seconds 600 --manifest ten-minutes.json > ten-minutes.pcap";

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// "T0:T1:P" as numbers. Errors: nullopt when one of them is no finite number.
std::optional<std::vector<double>> parse_fields(std::string_view text) {
  std::vector<double> fields;
  for (;;) {
    const std::size_t colon = text.find(':');
    const auto field = parse_number<double>(text.substr(0, colon));
    if (!field || !(*field >= 0) || *field == infinite) return std::nullopt;
    fields.push_back(*field);
    if (colon == std::string_view::npos) return fields;
    text.remove_prefix(colon + 1);
  }
}

/// Edit distance: how many characters to insert, remove or change.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> row(to.size() + 1);
  std::iota(row.begin(), row.end(), 0U);
  for (std::size_t i = 1; i <= from.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = diagonal + (from[i - 1] == to[j - 1] ? 0U : 1U);
      diagonal = row[j];
      row[j] = std::min({changed, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

/// The command line's options, each bound to its field of Options.
class Parser {
 public:
  explicit Parser(Options& options) : app_(description, program_name), options_(options) {
    app_.footer(examples);
    app_.get_formatter()->column_width(34);
    add_output();
    add_load();
    add_population();
    add_shares();
  }

  /// Errors: throws CLI::ParseError.
  void parse(std::vector<std::string> arguments) {
    std::reverse(arguments.begin(), arguments.end());
    app_.parse(std::move(arguments));
    if (!options_.real_time && !given("--packets") && given("--seconds")) options_.packets = unlimited;
  }

  std::string help() const { return app_.help(); }

  std::string unknown_option_message() const {
    const std::vector<std::string> rest = app_.remaining();
    const std::string wrong = rest.empty() ? std::string() : rest.front().substr(0, rest.front().find('='));
    std::string nearest = "--help";
    for (const CLI::Option* option : app_.get_options()) {
      const std::string name = option->get_name();
      if (distance(wrong, name) < distance(wrong, nearest)) nearest = name;
    }
    return fmt::format("no such option: {}; the nearest is {}, and --help lists all", wrong, nearest);
  }

 private:
  using Set = std::function<bool(const std::string&)>;

  bool given(const char* name) const { return app_.get_option(name)->count() > 0; }

  /// An option whose value `set` takes, or refuses with false: then the message says what would be `accepted`.
  void add(const char* name, const char* value_name, std::string_view help, std::string_view shown_default,
           std::string accepted, Set set) {
    const auto take = [name, accepted = std::move(accepted), set = std::move(set)](const std::string& value) {
      if (!set(value)) {
        throw CLI::ValidationError(name, fmt::format("\"{}\" given; accepted: {}", value, accepted));
      }
    };
    const std::string text = shown_default.empty() ? std::string(help) : fmt::format("{} [{}]", help, shown_default);
    app_.add_option_function<std::string>(name, take, text)->type_name(value_name)->take_last()->group(group_);
  }

  template <typename Number>
  void add_number(const char* name, Number& field, Number least, Number most, std::string_view help,
                  std::string shown_default = {}) {
    const bool open = most == std::numeric_limits<Number>::max();
    const char* const what = std::is_integral_v<Number> ? "a whole number" : "a number";
    add(name, "N", help, shown_default.empty() ? fmt::format("{}", field) : shown_default,
        open ? fmt::format("{}, {} or more", what, least) : fmt::format("{} from {} to {}", what, least, most),
        [&field, least, most](const std::string& text) {
          const auto value = parse_number<Number>(text);
          if (!value || !(*value >= least && *value <= most)) return false;
          field = *value;
          return true;
        });
  }

  void add_share(const char* name, double& field, std::string_view help) {
    add(name, "P", help, fmt::format("{}", field), "a share from 0 to 1, as in .25", [&field](const std::string& text) {
      const auto value = parse_number<double>(text);
      if (!value || !(*value >= 0 && *value <= 1)) return false;
      field = *value;
      return true;
    });
  }

  void add_output();
  void add_load();
  void add_attacks();
  void add_population();
  void add_shares();

  CLI::App app_;
  Options& options_;
  std::string group_;
};

void Parser::add_output() {
  group_ = "Output";
  const auto text = [](std::string& field) {
    return [&field](const std::string& value) {
      field = value;
      return !value.empty();
    };
  };
  add("--out", "FILE", "the pcap; - is standard output (required)", "", "a file name, or -", text(options_.out));
  add("--manifest", "FILE", "the truth about what was written, as JSON",
      "standard output, or standard error with --out -; in real time: none", "a file name", text(options_.manifest));
  app_.add_flag("--nano", options_.nano, "stamps in nanoseconds, not microseconds")
      ->disable_flag_override()
      ->group(group_);
  add_number("--seed", options_.seed, std::uint64_t{0}, unlimited, "another seed is another capture of the same kind");
  add_number("--start", options_.start_s, std::uint64_t{0}, std::uint64_t{4'294'967'295},
             "the first packet, seconds since 1970", "1700000000; in real time: now");
  add_number("--packets", options_.packets, std::uint64_t{0}, unlimited,
             "stop at the transaction that reaches N packets", "1000000; with --seconds or in real time: no limit");
  add_number("--queries", options_.queries, std::uint64_t{0}, unlimited, "stop after N transactions; 0: no limit");
  add_number("--seconds", options_.seconds, 1e-9, 1e9, "stop after N seconds of traffic", "no limit");
}

void Parser::add_load() {
  group_ = "Load";
  app_.add_flag("--realtime", options_.real_time, "write packets as their moment comes")
      ->disable_flag_override()
      ->group(group_);
  add_number("--qps", options_.qps, 1e-3, 1e8, "queries a second", "100000; in real time: 2000");
  add("--sway", "P", "how far the rate wanders from --qps, up and down", "0; in real time: 0.15",
      "a share from 0 to 0.9, as in .15", [this](const std::string& given_text) {
        const auto value = parse_number<double>(given_text);
        if (!value || !(*value >= 0 && *value <= .9)) return false;
        options_.sway = *value;
        return true;
      });
  add_number("--latency-us", options_.latency_us, 0.0, 2e6, "median time to a response, microseconds (log-normal)");
  add_number("--latency-sigma", options_.latency_sigma, 0.0, 10.0, "its spread: sigma of the logarithm");
  add_attacks();
}

void Parser::add_attacks() {
  add("--attack", "T0:T1:P", "from second T0 to T1, P of the queries are random subdomains of the first victim", "none",
      "T0:T1:P, two moments in seconds and a share from 0 to 1, as in 10:20:.8", [this](const std::string& text) {
        const auto fields = parse_fields(text);
        if (!fields || fields->size() != 3 || (*fields)[2] > 1) return false;
        options_.attack = {(*fields)[0], (*fields)[1], (*fields)[2]};
        return true;
      });
  add("--attack-cycle", "PERIOD:LENGTH:P[:RATE]",
      "such an attack in the last LENGTH of every PERIOD seconds, at RATE times --qps", "none; RATE 1.5",
      "PERIOD:LENGTH:P[:RATE], seconds, seconds up to PERIOD, a share from 0 to 1, a factor from 0.01 to 100, as in "
      "60:15:.7 or 60:15:.7:2",
      [this](const std::string& text) {
        const auto fields = parse_fields(text);
        if (!fields || fields->size() < 3 || fields->size() > 4) return false;
        AttackCycle cycle{(*fields)[0], (*fields)[1], (*fields)[2]};
        if (fields->size() == 4) cycle.rate_factor = (*fields)[3];
        options_.attack_cycle = cycle;
        return cycle.period_s > 0 && cycle.length_s <= cycle.period_s && cycle.share <= 1 && cycle.rate_factor >= .01 &&
               cycle.rate_factor <= 100;
      });
}

void Parser::add_population() {
  group_ = "Population";
  add_number("--clients", options_.clients, 1U, 4'000'000U, "addresses that ask", "200000; in real time: 2000");
  add_number("--names", options_.names, 1U, 20'000'000U, "names registered below the TLD",
             "500000; in real time: 20000");
  add("--tld", "LABEL", "the zone that is served", options_.tld, "1 to 12 of a-z, 0-9 and -, as in cl",
      [this](const std::string& text) {
        const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
        options_.tld = text;
        return !text.empty() && text.size() <= 12 && std::all_of(text.begin(), text.end(), fits);
      });
  add_number("--zipf-clients", options_.zipf_clients, 0.0, 10.0, "how unequal clients are: exponent of Zipf's law");
  add_number("--zipf-names", options_.zipf_names, 0.0, 10.0, "how unequal names are");
  add_number("--victims", options_.victims, 0U, 10'000U, "names whose random subdomains are asked for");
}

void Parser::add_shares() {
  group_ = "Shares";
  add_share("--v6", options_.v6, "of the queries over IPv6");
  add_share("--tcp", options_.tcp, "over TCP");
  add_share("--junk", options_.junk, "for names that do not exist");
  add_share("--mixed-case", options_.mixed_case, "with letters of both cases");
  add_share("--edns", options_.edns, "with EDNS (RFC 6891)");
  add_share("--do", options_.dnssec_ok, "with DO, of those with EDNS");
  add_share("--rd", options_.recursion_desired, "with RD");
  add_share("--unanswered", options_.unanswered, "without a response");
  add_share("--malformed", options_.malformed, "malformed");
  add_share("--weird", options_.weird, "for names with octets that are no letters, digits or hyphens");
  add_share("--frag", options_.frag, "of the responses in two fragments");
  add_share("--noise", options_.noise, "of the packets that are no DNS");
}

}  // namespace

void Options::use_real_time_defaults() {
  packets = unlimited;
  start_s = 0;
  qps = 2'000;
  sway = .15;
  clients = 2'000;
  names = 20'000;
}

Command parse_command_line(std::vector<std::string> arguments) {
  Command command;
  // What is given overrides the defaults wherever it stands, so --realtime's are set before anything is read.
  if (std::find(arguments.begin(), arguments.end(), "--realtime") != arguments.end()) {
    command.options.use_real_time_defaults();
  }
  Parser parser(command.options);
  command.status = 2;
  try {
    parser.parse(std::move(arguments));
    command.run = !command.options.out.empty();
    if (!command.run) command.message = "--out is required; accepted: a file name, or - for standard output";
  } catch (const CLI::CallForHelp&) {
    command.status = 0;
    command.message = parser.help();
    return command;
  } catch (const CLI::ExtrasError&) {
    command.message = parser.unknown_option_message();
  } catch (const CLI::ParseError& error) {
    command.message = error.what();
  }
  if (command.run) {
    command.status = 0;
  } else {
    command.message = fmt::format("{}: {}\n", program_name, command.message);
  }
  return command;
}

}  // namespace rata::traffic
