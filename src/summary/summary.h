#pragma once

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "summary/forms.h"
#include "summary/values.h"
#include "util/members.h"
#include "util/time.h"

namespace rata::summary {

using Data = std::variant<Rates, Counts, Records, Top, Alone, Measures, Values, Nothing>;

struct Window {
  util::Time start;
  double seconds = 0;         ///< its length; for windows by packet count the time they took
  std::uint64_t packets = 0;  ///< well-formed DNS messages in it
  std::uint64_t late = 0;     ///< packets that came after their own window had closed, noticed during this one
  bool unfinished = false;    ///< it closed since the input ended: a longer one may have more of it
};

/// Names a contribution: of one boot the highest revision replaces, different boots add.
struct Id {
  std::string boot;
  std::uint64_t sequence = 0;  ///< counts the windows of this boot
  std::uint32_t revision = 0;
};

/// What did not reach the reducers during the window.
struct Loss {
  std::uint64_t kernel = 0;
  std::uint64_t queue = 0;
  std::uint64_t malformed = 0;
  std::uint64_t left_out = 0;  ///< entries of a list beyond its limit
  /// A key, or a value in a top of one, may have had this many more than shown, or be missing with as many.
  std::uint64_t key_error = 0;
  util::MemberCounts lacking{};  ///< messages that the reducer skipped, by the member that they lack
  std::uint64_t missed = 0;      ///< messages that a script did not get, or that went with it when it failed
};

/// The result of one reducer over one window: the record that crosses a process border.
struct Summary {
  std::string type;     ///< the reducer's name
  std::string server;   ///< the DNS server that was watched
  std::string monitor;  ///< the process that watched it
  Data data;
  Window window;
  Id id;
  Loss loss;
};

/// How two of them merge: "sum", "rate", "concatenate", "top", "pair", "measures", "values" or "none".
std::string_view merge_rule(const Data& data);
/// The same as the record tells it: of values their shape (values.h), of all others the rule.
nlohmann::ordered_json merge_json(const Data& data);

/// Entries of a list beyond its limit.
std::uint64_t left_out(const Data& data);
/// What any key may lack, or any value in a top of one; not 0 when the bound of counters was reached.
std::uint64_t key_error(const Data& data);
/// Values that were dropped since a part had another form at their place.
std::uint64_t conflicts(const Data& data);

/// The memory that it takes, its sketches too, to about a tenth: for queues, which bound it.
std::size_t octets_of(const Data& data);
/// Of that, what one row of measures takes.
std::size_t row_octets(const Measures& measures, std::size_t row);

/// How a summary is written. The older aggregator wants of `data`: a rate as a bare number; in the list of queries by
/// client, IPv6 addresses as text, since it takes 32 digits for four of IPv4. Who only looks wants figures: of sketches
/// what they say, without their buckets and registers, so that it cannot be read back.
enum class Form { own, older, figures };

/// `data` as JSON, in the older chain's shape where the reducer is one of its own.
nlohmann::ordered_json data_json(const Data& data, Form form = Form::own);
/// Appends the same as text, without a tree of it where that could be large.
void append_data(const Data& data, Form form, std::string& text);

/// The whole record on one line, without newline (schema/summary.schema.json).
std::string to_json(const Summary& summary, Form form = Form::own);

/// The keys that stand for what a limit cut off, inside the map that it was cut from.
inline constexpr const char* skipped_keys = "-:SKIPPED:-";
inline constexpr const char* skipped_count = "-:SKIPPED_SUM:-";

}  // namespace rata::summary
