#include "summary/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "summary/read_forms.h"

namespace rata::summary {
namespace {

/// Where windows end at the latest: some seconds before 64 bits of nanoseconds do, in the year 2262.
constexpr double last_end_ns = 9.22337203e18;

struct Members {
  std::optional<Element> data, window, id, loss, merge, form;
  std::string_view type, server, monitor;
};

Members members_of(const Object& record, Path& path) {
  Members members;
  const auto data = find(record, "data");
  if (!data) path.refuse("data", "what a reducer found, and it is not there");
  members.data = data;
  members.window = find(record, "window");
  members.id = find(record, "id");
  members.loss = find(record, "loss");
  members.merge = find(record, "merge");
  members.form = find(record, "form");
  members.type = text_in(record, path, "type");
  members.server = text_in(record, path, "serverId");
  if (const auto monitor = find(record, "monitor")) members.monitor = text_of(*monitor, path, "monitor");
  if (const auto version = find(record, "version"); version && count_of(*version, path, "version") != 1)
    path.refuse("version", "1, the only one that is known");
  return members;
}

/// False when it is not there.
bool flag_in(const Object& object, Path& path, std::string_view member) {
  const auto found = find(object, member);
  bool flag = false;
  if (found && found->get(flag) != simdjson::SUCCESS) path.refuse(member, "true or false");
  return flag;
}

Window read_window(Element element, Path& path) {
  const Object object = object_of(element, path, "window");
  const Path::Step step(path, "window");
  const auto start = util::parse_time(text_in(object, path, "start"));
  if (!start) path.refuse("start", "seconds since 1970 with up to nine decimals");
  const auto seconds = find(object, "seconds");
  if (!seconds) path.refuse("seconds", "a number, and it is not there");
  Window window{.start = *start, .seconds = number_of(*seconds, path, "seconds")};
  const double end = static_cast<double>(start->ns) + window.seconds * static_cast<double>(util::ns_per_second);
  if (start->ns < 0 || end > last_end_ns) path.refuse("times between the years 1970 and 2262");
  window.packets = count_in(object, path, "packets");
  window.late = count_in(object, path, "late");
  window.unfinished = flag_in(object, path, "unfinished");
  return window;
}

Id read_id(Element element, Path& path) {
  const Object object = object_of(element, path, "id");
  const Path::Step step(path, "id");
  const std::uint64_t revision = count_in(object, path, "revision");
  if (revision > std::numeric_limits<std::uint32_t>::max()) path.refuse("revision", "a whole number of 32 bits");
  return {.boot = std::string(text_in(object, path, "boot")),
          .sequence = count_in(object, path, "sequence"),
          .revision = static_cast<std::uint32_t>(revision)};
}

Loss read_loss(Element element, Path& path) {
  const Object object = object_of(element, path, "loss");
  const Path::Step step(path, "loss");
  Loss loss{.kernel = count_in(object, path, "kernel"),
            .queue = count_in(object, path, "queue"),
            .malformed = count_in(object, path, "malformed"),
            .left_out = count_in(object, path, "left_out"),
            .key_error = count_in(object, path, "key_error"),
            .missed = count_in(object, path, "missed")};
  const auto lacking = find(object, "lacking");
  if (!lacking) return loss;
  const Object by_member = object_of(*lacking, path, "lacking");
  for (std::size_t i = 0; i < loss.lacking.size(); ++i)
    loss.lacking[i] = count_in(by_member, path, util::name(static_cast<util::Member>(i)));
  return loss;
}

Data read_told(const Members& members, const Object& form, Path& path) {
  const std::string_view kind = text_in(form, path, "kind");
  const Path::Step step(path, "data");
  const Element data = *members.data;
  const auto left_out = [&] { return count_in(form, path, "left_out"); };
  if (kind == "rates") return read_rates(data, form, path);
  if (kind == "counts") return read_counts(data, read_counts_form(form, path), path);
  if (kind == "records") {
    Records records = read_records(data, shape_named(text_in(form, path, "shape"), path), path);
    records.left_out = left_out();
    return records;
  }
  if (kind == "top") return TopsForm(form, path).next(array_of(data, path, ""), count_in(form, path, "error"), path);
  if (kind == "alone") {
    Alone alone = read_alone(data, path);
    alone.left_out = left_out();
    return alone;
  }
  if (kind == "measures") return read_measures(data, form, path);
  if (kind == "values" && members.merge) return read_values(data, *members.merge, form, path);
  if (kind == "nothing") return Nothing{};
  path.refuse("form.kind to be rates, counts, records, top, alone, measures, values (with merge) or nothing");
}

Summary read(const Object& record, util::Time arrival) {
  Path path;
  const Members members = members_of(record, path);
  Summary summary{.type = std::string(members.type),
                  .server = std::string(members.server),
                  .monitor = std::string(members.monitor),
                  .data = Nothing{},
                  .window = {.start = arrival, .seconds = 1},
                  .id = {.boot = {}, .sequence = static_cast<std::uint64_t>(arrival.ns)},
                  .loss = {}};
  if (members.window) summary.window = read_window(*members.window, path);
  if (members.id) summary.id = read_id(*members.id, path);
  if (members.loss) summary.loss = read_loss(*members.loss, path);
  if (members.form)
    summary.data = read_told(members, object_of(*members.form, path, "form"), path);
  else
    summary.data = read_unformed(members.type, summary.window.seconds, *members.data, members.merge, path);
  return summary;
}

}  // namespace

util::Result<Summary> read_json(std::string_view line, util::Time arrival) {
  if (line.size() > most_record_octets)
    return util::Error{
        fmt::format("reading a record: it has {} octets, of at most {}", line.size(), most_record_octets)};
  simdjson::dom::parser parser;
  constexpr std::size_t least_capacity = 32;
  Object record;
  auto fault = parser.allocate(std::max(line.size(), least_capacity), most_record_depth);
  if (fault == simdjson::SUCCESS) fault = parser.parse(line.data(), line.size()).get(record);
  if (fault != simdjson::SUCCESS)
    return util::Error{fmt::format("reading a record: it is no JSON object at most {} levels deep: {}",
                                   most_record_depth, simdjson::error_message(fault))};
  try {
    return read(record, arrival);
  } catch (const Misfit& misfit) {
    return util::Error{"reading a record: " + misfit.what};
  }
}

}  // namespace rata::summary
