#include "settings/key_homes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <vector>

namespace rata::settings {
namespace {

constexpr std::string_view top = "top level";

// A test places every key that some table takes at the top of a file: none can be missing here.
constexpr struct {
  std::string_view table, keys;  ///< keys with blanks between and around
} homes[] = {
    {top, " server monitor ports shards threads user cpu_limit sketch_seed keep_malformed local tunnels "},
    {"[window]", " seconds packets flush lateness "},
    {"[limits]",
     " memory_mib streams stream_octets streams_octets stream_idle_seconds datagrams datagrams_octets "
     "datagram_age_seconds "},
    {"[lists]", " tlds public_suffixes "},
    {"[geography]", " country asn "},
    {"[[source]]", " interface file dnstap speedy filter ring_mib arrival_time server "},
    {"[[channel]]",
     " name url form password_file password_env token_file token_env ca_file certificate_file key_file rotate_mib "
     "rotate_seconds keep compress spool "},
    {"spool of [[channel]]", " path limit_mib fsync "},
    {"[anonymise]", " method key_file ipv4_bits ipv6_bits "},
    {"[[reducer]]", " type name by where measure limit cells n prefix orig send "},
    {"send", " channel topic "},
    {"[serve]", " listen clients allow_origins older_open tls "},
    {"tls of [serve]", " certificate key client_ca "},
    {"[[access]]", " name token_file token_env certificate may servers addresses "},
    {"[aggregate]", " spans cells servers views "},
    {"[[processor]]", " type output_limit parts_limit reads "},
    {"[store]", " path limit_mib settle_seconds table_rows fine_hours "},
    {"[[level]]", " seconds keep_hours "},
    {"[[subscribe]]", " url channels patterns password_file password_env ca_file certificate_file key_file "},
    {"[[group]]", " name servers "},
    {"[[server]]", " name addresses "},
    {"[[location]]", " server longitude latitude country_name "},
};

std::string place(std::string_view table) {
  if (table == top) return "at the top of the file, before the first [table]";
  return table == "send" ? "inside send = [{ channel = \"...\" }]" : fmt::format("in {}", table);
}

}  // namespace

std::string key_home(std::string_view key, std::string_view table) {
  const std::string word = fmt::format(" {} ", key);
  std::vector<std::string> places;
  for (const auto& home : homes) {
    if (home.keys.find(word) == std::string_view::npos) continue;
    if (home.table == table) return fmt::format("other types of {} take it", table);
    places.push_back(place(home.table));
  }
  return places.empty() ? "" : fmt::format("it belongs {}", fmt::join(places, " or "));
}

}  // namespace rata::settings
