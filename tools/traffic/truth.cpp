#include "traffic/truth.h"

#include <algorithm>
#include <cstring>

#include "traffic/random.h"

namespace rata::traffic {
namespace {

std::uint64_t hash_of(std::span<const std::uint8_t> name) {
  std::uint64_t hash = 0x1234567;
  std::size_t i = 0;
  for (; i + 8 <= name.size(); i += 8) {
    std::uint64_t word;
    std::memcpy(&word, name.data() + i, 8);
    hash = mix(hash ^ word) + 0x51ed27;
  }
  std::uint64_t rest = 0;
  if (i < name.size()) std::memcpy(&rest, name.data() + i, name.size() - i);
  return mix(hash ^ rest ^ (static_cast<std::uint64_t>(name.size()) << 56)) | 1;
}

}  // namespace

NameCounts::NameCounts() : table_(1024) {}

void NameCounts::add(std::span<const std::uint8_t> name) {
  const std::uint64_t hash = hash_of(name);
  if ((used_ + 1) * 2 > table_.size()) grow();
  Entry& entry = find(hash);
  if (entry.count == 0) {
    entry = {hash, 0, static_cast<std::uint32_t>(names_.size())};
    names_.insert(names_.end(), name.begin(), name.end());
    ++used_;
  }
  ++entry.count;
}

NameCounts::Entry& NameCounts::find(std::uint64_t hash) {
  const std::size_t mask = table_.size() - 1;
  std::size_t i = (hash >> 1) & mask;
  while (table_[i].count != 0 && table_[i].hash != hash) i = (i + 1) & mask;
  return table_[i];
}

void NameCounts::grow() {
  std::vector<Entry> old(std::max<std::size_t>(table_.size() * 2, 1 << 20));
  old.swap(table_);
  for (const Entry& entry : old) {
    if (entry.count != 0) find(entry.hash) = entry;
  }
}

std::vector<NameCounts::Entry> NameCounts::top(std::size_t limit) const {
  std::vector<Entry> result(std::min(limit, used_));
  std::vector<Entry> all;
  all.reserve(used_);
  std::copy_if(table_.begin(), table_.end(), std::back_inserter(all),
               [](const Entry& entry) { return entry.count != 0; });
  std::partial_sort_copy(all.begin(), all.end(), result.begin(), result.end(), [](const Entry& a, const Entry& b) {
    return a.count != b.count ? a.count > b.count : a.hash < b.hash;
  });
  return result;
}

void Truth::count_query(const Query& query) {
  qname_octets += query.qname_octets;
  qtype.add(query.qtype);
  qclass.add(query.qclass);
  opcode.add(query.opcode);
  edns += query.edns;
  dnssec_ok += query.dnssec_ok;
  recursion_desired += query.recursion_desired;
  cookie += query.has_cookie;
  nsid += query.has_nsid;
  client_subnet += query.has_client_subnet;
  if (query.edns) udp_octets.add(query.udp_octets);
}

void Truth::count_client(const Flow& flow) {
  std::vector<std::uint64_t>& counts = clients[flow.v6 ? 1 : 0];
  if (flow.client_index >= counts.size()) counts.resize(flow.client_index + 1);
  ++counts[flow.client_index];
}

}  // namespace rata::traffic
