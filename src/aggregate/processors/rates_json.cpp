#include "aggregate/processors/rates_json.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string_view>

namespace rata::aggregate {
namespace {

constexpr std::array<std::string_view, rate_kinds> rate_names{"queries_per_second", "responses_per_second"};
constexpr std::array<std::string_view, rate_kinds> series_names{"queries", "responses"};
constexpr std::array<std::string_view, rate_kinds> older_names{"queries_per_second", "answers_per_second"};

std::int64_t rounded_up(std::int64_t value, std::int64_t unit) { return (value + unit - 1) / unit * unit; }

/// The length that most windows have: the odd one that is shorter or longer does not change the picture.
std::int64_t usual_length(const std::map<std::string, RateWindows>& servers) {
  std::map<std::int64_t, std::size_t> lengths;
  for (const auto& [server, windows] : servers)
    for (const auto& [length, count] : windows.lengths()) lengths[length] += count;
  const auto usual = std::ranges::max_element(lengths, {}, [](const auto& length) { return length.second; });
  return usual == lengths.end() ? 1 : usual->first;
}

/// A window's share of one step of the series.
struct Share {
  double count = 0, seconds = 0;
  bool is_known = false;

  void add(const Watched& watched, double part) {
    if (!watched.is_known) return;
    count += static_cast<double>(watched.count) * part;
    seconds += static_cast<double>(watched.ns) / static_cast<double>(util::ns_per_second) * part;
    is_known = true;
  }
  std::optional<double> per_second() const {
    if (!is_known) return std::nullopt;
    return seconds > 0 ? count / seconds : 0;
  }
};

/// Calls `use(step, part)` for each step that `window` lies in, with the part of the window that lies there.
template <typename Use>
void each_step(const RateWindow& window, std::int64_t start_ns, std::int64_t step_ns, std::size_t steps, Use use) {
  const std::int64_t last = window.end.ns - start_ns;
  const std::int64_t first = std::min(window.start.ns - start_ns, last - 1);  // one of no length lies where it ends
  for (std::int64_t at = std::max<std::int64_t>(first, 0) / step_ns; at * step_ns < last; ++at) {
    if (at >= static_cast<std::int64_t>(steps)) return;
    const std::int64_t inside = std::min(last, (at + 1) * step_ns) - std::max(first, at * step_ns);
    use(static_cast<std::size_t>(at), static_cast<double>(inside) / static_cast<double>(last - first));
  }
}

void append_values(JsonText& json, std::string_view name, const std::vector<Share>& shares, std::size_t skip) {
  json.key(name).open('[');
  for (std::size_t at = skip; at < shares.size(); ++at) {
    const std::optional<double> value = shares[at].per_second();
    if (value)
      json.number(*value);
    else
      json.null();
  }
  json.close(']');
}

std::string after_last_slash(const std::string& server) { return server.substr(server.rfind('/') + 1); }

}  // namespace

RatesJson::RatesJson(const Spans& spans, const Moment& moment, const std::map<std::string, RateWindows>& windows,
                     util::Time oldest_change)
    : spans_(spans), moment_(moment), windows_(windows), oldest_change_(oldest_change), step_(usual_length(windows)) {}

const RateWindows& RatesJson::windows_of(const std::string& server) const {
  const auto known = windows_.find(server);
  return known == windows_.end() ? nothing_ : known->second;
}

// Windows by time begin at multiples of their length, so the grid does too: its lines stay where they are from view to
// view, and a reader can lay one view over another.
RatesJson::Grid RatesJson::grid(std::size_t span) const {
  const std::int64_t length = rounded_up(spans_.seconds(span), step_);
  const std::int64_t end =
      rounded_up(rounded_up(moment_.watermark.ns, util::ns_per_second) / util::ns_per_second, step_);
  return {end - length, step_, static_cast<std::size_t>(length / step_)};
}

std::size_t RatesJson::live_values(const Grid& grid) const {
  const std::int64_t end = grid.start + static_cast<std::int64_t>(grid.count) * grid.step;
  const std::int64_t from = oldest_change_.ns / util::ns_per_second;
  const std::int64_t values = rounded_up(std::max<std::int64_t>(end - from, 1), grid.step) / grid.step;
  return std::min(grid.count, static_cast<std::size_t>(values));
}

RatesJson::Server RatesJson::server(const std::string& name, std::size_t span, const Grid& grid,
                                    std::size_t skipped) const {
  std::array<std::vector<Share>, rate_kinds> shares;
  shares.fill(std::vector<Share>(grid.count));
  std::array<Watched, rate_kinds> sums;
  windows_of(name).each_after(spans_.cutoff(span, moment_.watermark), [&](const RateWindow& window) {
    for (std::size_t kind = 0; kind < rate_kinds; ++kind) {
      sums[kind].count += window.watched[kind].count;
      sums[kind].ns += window.watched[kind].ns;
    }
    each_step(window, grid.start * util::ns_per_second, grid.step * util::ns_per_second, grid.count,
              [&](std::size_t step, double part) {
                for (std::size_t kind = 0; kind < rate_kinds; ++kind)
                  shares[kind][step].add(window.watched[kind], part);
              });
  });

  Server server{name, {}, {}};
  JsonText series;
  for (std::size_t kind = 0; kind < rate_kinds; ++kind) {
    server.per_second[kind] = sums[kind].per_second();
    append_values(series, series_names[kind], shares[kind], skipped);
  }
  server.series = series.take();
  return server;
}

std::string RatesJson::view(const Wanted& wanted) const {
  const Grid lines = grid(wanted.span);
  const std::size_t skipped = wanted.since != 0 ? lines.count - live_values(lines) : 0;
  std::vector<Server> shown;
  for (const std::string& name : moment_.servers) shown.push_back(server(name, wanted.span, lines, skipped));

  JsonText json;
  begin_view(json, "rates", "rates", spans_.minutes(wanted.span), wanted.scope,
             span_ends(spans_, wanted.span, moment_.watermark));
  json.key("servers").open('[');
  for (const Server& one : shown) {
    json.open('{').key("server").text(one.name);
    for (std::size_t kind = 0; kind < rate_kinds; ++kind) json.key(rate_names[kind]).number(one.per_second[kind]);
    json.close('}');
  }
  json.close(']').key("total").open('{');
  for (std::size_t kind = 0; kind < rate_kinds; ++kind) {
    const auto sum = [kind](double total, const Server& one) { return total + one.per_second[kind]; };
    json.key(rate_names[kind]).number(std::accumulate(shown.begin(), shown.end(), 0.0, sum));
  }
  const auto start = lines.start + static_cast<std::int64_t>(skipped) * lines.step;
  json.close('}').key("series").open('{').key("start").number(start).key("step").number(lines.step);
  json.key("servers").open('[');
  for (const Server& one : shown) json.open('{').key("server").text(one.name).raw(one.series).close('}');
  return json.close(']').close('}').close('}').take();
}

// The older aggregator takes the plain mean of the windows, whatever their lengths.
RatesJson::Mean RatesJson::mean(const RateWindows& windows, std::size_t span) const {
  Mean sums{};
  std::array<std::size_t, rate_kinds> known{};
  windows.each_after(spans_.cutoff(span, moment_.watermark), [&](const RateWindow& window) {
    for (std::size_t kind = 0; kind < rate_kinds; ++kind) {
      if (!window.watched[kind].is_known) continue;
      sums[kind] += window.watched[kind].per_second();
      ++known[kind];
    }
  });
  for (std::size_t kind = 0; kind < rate_kinds; ++kind)
    if (known[kind] > 0) sums[kind] /= static_cast<double>(known[kind]);
  return sums;
}

std::string RatesJson::older(bool with_total) const {
  const auto append = [](JsonText& json, const std::string& name, const Mean& mean) {
    json.open('{').key("server_id").text(name);
    for (std::size_t kind = 0; kind < rate_kinds; ++kind) json.key(older_names[kind]).decimal(mean[kind]);
    json.close('}');
  };
  JsonText json;
  json.open('[');
  for (std::size_t span = 0; span < spans_.size(); ++span) {
    Mean total{};
    JsonText servers;
    for (const std::string& name : moment_.by_arrival) {
      const RateWindows& windows = windows_of(name);
      if (!windows.any_after(spans_.cutoff(span, moment_.watermark))) continue;
      const Mean own = mean(windows, span);
      for (std::size_t kind = 0; kind < rate_kinds; ++kind) total[kind] += own[kind];
      append(servers, with_total ? after_last_slash(name) : name, own);
    }
    json.open('{').key("time_span").number(spans_.minutes(span)).key("servers_data").open('[');
    if (with_total) append(json, "total", total);
    const std::string list = servers.take();
    if (!list.empty()) json.raw(list);
    json.close(']').close('}');
  }
  json.close(']');
  return json.take();
}

}  // namespace rata::aggregate
