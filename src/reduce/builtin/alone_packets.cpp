// AlonePackets: queries without an answer and answers without a query, inside one window.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "reduce/anonymous_packet.h"
#include "reduce/builtin/list_bound.h"
#include "reduce/pairing.h"
#include "reduce/selector.h"
#include "reduce/speedy_json.h"

namespace rata::reduce {
namespace {

using summary::Record;

/// What a query and its answer have in common, for other processes too. What a source does not say is the same on both
/// sides: nothing.
std::string pair_text(const Packet& packet) {
  const auto party = [](const util::Address& address, std::string_view text) {
    return text.empty() ? util::hex(address) : std::string(text);
  };
  return fmt::format("{:x}|{}|{}|{}|{}|{}|{}|{}|{}", packet.message.id, party(packet.client, packet.client_text),
                     party(packet.server, packet.server_text), packet.client_port, packet.server_port,
                     util::name(packet.transport), util::hex(packet.qname), packet.message.qtype,
                     packet.message.qclass);
}

/// Messages that wait for their partner. Of one key only queries or only answers wait, since the other kind would have
/// met them: they stand in a line, oldest first, and the first of the line stands in its bucket's chain.
class WaitingRoom {
 public:
  static constexpr std::uint32_t none = UINT32_MAX;

  struct Guest {
    Packet packet;  ///< its octets and texts are those below
    std::vector<std::uint8_t> octets, qname;
    std::string client_text, server_text;
    bool waits = false;

    std::size_t size() const { return sizeof *this + octets.size() + qname.size(); }
  };

  WaitingRoom() : buckets_(first_buckets, none) {}

  /// The oldest of `hash`, if it is of the other kind than `query`.
  std::uint32_t partner(std::uint64_t hash, bool query) const {
    const std::uint32_t first = find(hash);
    return first != none && guests_[first].packet.message.is_query() != query ? first : none;
  }

  void enter(std::uint64_t hash, const Packet& packet) {
    if (waiting_ >= buckets_.size()) grow();
    const std::uint32_t first = find(hash), fresh = place();
    copy(packet, guests_[fresh]);
    links_[fresh] = {.hash = hash};
    ++waiting_;
    if (first == none) {
      put_in_chain(fresh);
      links_[fresh].last_in_line = fresh;
    } else {
      links_[links_[first].last_in_line].next_in_line = fresh;
      links_[first].last_in_line = fresh;
    }
  }

  /// `first`: of a line. The next one takes its place.
  void leave(std::uint32_t first) {
    const Link& link = links_[first];
    std::uint32_t* to_it = &buckets_[link.hash & (buckets_.size() - 1)];
    while (*to_it != first) to_it = &links_[*to_it].next_in_chain;
    const std::uint32_t next = link.next_in_line;
    if (next == none) {
      *to_it = link.next_in_chain;
    } else {
      *to_it = next;
      links_[next].next_in_chain = link.next_in_chain;
      links_[next].last_in_line = link.last_in_line;
    }
    guests_[first].waits = false;
    let_go(guests_[first]);
    free_.push_back(first);
    --waiting_;
  }

  const Guest& operator[](std::uint32_t i) const { return guests_[i]; }

  void prefetch(std::uint64_t hash) const { __builtin_prefetch(&buckets_[hash & (buckets_.size() - 1)]); }
  void prefetch_guest(std::uint64_t hash) const {
    const std::uint32_t first = find(hash);
    if (first == none) return;
    __builtin_prefetch(&guests_[first].packet.message.flags);
    __builtin_prefetch(&guests_[first].octets);
  }

  template <typename Use>
  void each(Use use) const {
    for (const Guest& guest : guests_)
      if (guest.waits) use(guest);
  }

  /// What one window needed the next will: room stays, unless it is much.
  void clear() {
    constexpr std::size_t many_guests = 4096;
    if (guests_.size() > many_guests) {
      guests_ = {};
      links_ = {};
      buckets_ = std::vector<std::uint32_t>(first_buckets);
    }
    free_.resize(guests_.size());
    for (std::size_t i = 0; i < guests_.size(); ++i) {
      guests_[i].waits = false;
      let_go(guests_[i]);
      free_[i] = static_cast<std::uint32_t>(guests_.size() - 1 - i);
    }
    std::ranges::fill(buckets_, none);
    waiting_ = 0;
  }

 private:
  static constexpr std::size_t first_buckets = 256;

  /// Where a guest stands: apart from it, so that whoever looks for a partner meets few cache lines.
  struct Link {
    std::uint64_t hash = 0;
    std::uint32_t next_in_chain = none, next_in_line = none, last_in_line = none;
  };

  /// Room for a usual message stays with the place; that of a large one would wait for the next large one.
  static void let_go(Guest& guest) {
    constexpr std::size_t usual_octets = 512;
    if (guest.octets.capacity() > usual_octets) guest.octets = {};
    guest.client_text = guest.server_text = {};
  }

  std::uint32_t find(std::uint64_t hash) const {
    std::uint32_t at = buckets_[hash & (buckets_.size() - 1)];
    while (at != none && links_[at].hash != hash) at = links_[at].next_in_chain;
    return at;
  }

  void put_in_chain(std::uint32_t first) {
    std::uint32_t& bucket = buckets_[links_[first].hash & (buckets_.size() - 1)];
    links_[first].next_in_chain = std::exchange(bucket, first);
  }

  std::uint32_t place() {
    if (free_.empty()) {
      guests_.emplace_back();
      links_.emplace_back();
      return static_cast<std::uint32_t>(guests_.size() - 1);
    }
    const std::uint32_t at = free_.back();
    free_.pop_back();
    return at;
  }

  static void copy(const Packet& packet, Guest& guest) {
    guest.octets.assign(packet.message.octets.begin(), packet.message.octets.end());
    guest.qname.assign(packet.qname.begin(), packet.qname.end());
    guest.client_text = packet.client_text;
    guest.server_text = packet.server_text;
    guest.packet = packet;
    guest.waits = true;
  }

  void grow() {
    std::vector<std::uint32_t> old(buckets_.size() * 2, none);
    old.swap(buckets_);
    for (std::uint32_t first : old)
      while (first != none) {
        const std::uint32_t next = links_[first].next_in_chain;
        put_in_chain(first);
        first = next;
      }
  }

  std::vector<std::uint32_t> buckets_, free_;
  std::vector<Guest> guests_;
  std::vector<Link> links_;  ///< by the same number
  std::size_t waiting_ = 0;
};

Record record_of(const WaitingRoom::Guest& guest, AnonymousPacket& anonymous) {
  Packet packet = guest.packet;
  // It was read before: it can be read again.
  static_cast<void>(dns::parse(guest.octets, packet.message));
  packet.qname = guest.qname;
  packet.client_text = guest.client_text;
  packet.server_text = guest.server_text;
  Record record{.ordinal = packet.ordinal, .keys = {pair_text(packet)}};
  record.time = packet.time;
  append_speedy_object(anonymous.of(packet), {}, record.json);
  return record;
}

class AlonePackets final : public Reducer {
 public:
  AlonePackets(ListBound bound, Surroundings& around)
      : selector_({}, {{.members = {util::Member::id, util::Member::flags}}}, around.plan),
        bound_(std::move(bound)),
        anonymous_(around.context.anonymizer),
        inputs_(around.context.inputs) {}

  void add(Batch& batch) noexcept override {
    // What one packet needs of memory is asked for while others are looked at: its bucket, then who stands there.
    const auto packets = selector_.choose(batch, lacking());
    std::array<std::uint64_t, max_batch_packets> hashes;
    for (std::size_t i = 0; i < packets.size(); ++i) {
      hashes[i] = Pairing::key_of(batch[packets[i]]);
      room_.prefetch(hashes[i]);
    }
    for (std::size_t i = 0; i < packets.size(); ++i) room_.prefetch_guest(hashes[i]);
    for (std::size_t i = 0; i < packets.size(); ++i) add(batch[packets[i]], hashes[i]);
  }

  void absorb(Reducer& sibling) override {
    auto& other = static_cast<AlonePackets&>(sibling);
    other.settle();
    data_.queries += std::exchange(other.data_.queries, 0);
    data_.answers += std::exchange(other.data_.answers, 0);
    move_to(other.data_.alone_queries, data_.alone_queries);
    move_to(other.data_.alone_answers, data_.alone_answers);
    bound_.add_left_out(other.bound_.take_left_out());
  }

  summary::Data take(double) override {
    settle();
    sort_by_arrival(data_.alone_queries, inputs_);
    sort_by_arrival(data_.alone_answers, inputs_);
    data_.left_out = bound_.take_left_out();
    return std::exchange(data_, {});
  }

 private:
  static void move_to(std::vector<Record>& from, std::vector<Record>& into) {
    std::ranges::move(from, std::back_inserter(into));
    from.clear();
  }

  void add(const Packet& packet, std::uint64_t hash) {
    const bool query = packet.message.is_query();
    ++(query ? data_.queries : data_.answers);
    if (const std::uint32_t partner = room_.partner(hash, query); partner != WaitingRoom::none) {
      bound_.let_go(room_[partner].size());
      room_.leave(partner);
    } else if (bound_.take_in(sizeof(WaitingRoom::Guest) + packet.message.octets.size() + packet.qname.size())) {
      room_.enter(hash, packet);
    }
  }

  /// Both directions between two hosts are in one shard: whoever waits now is alone.
  void settle() {
    room_.each([this](const WaitingRoom::Guest& guest) {
      (guest.packet.message.is_query() ? data_.alone_queries : data_.alone_answers)
          .push_back(record_of(guest, anonymous_));
    });
    room_.clear();
    bound_.clear();
  }

  Selector selector_;
  ListBound bound_;
  AnonymousPacket anonymous_;
  std::size_t inputs_;
  WaitingRoom room_;
  summary::Alone data_;
};

}  // namespace

extern const ReducerType alone_packets;
constinit const ReducerType alone_packets{
    .name = "AlonePackets",
    .help = "Queries without an answer and answers without a query inside the window, whole, in order of arrival.",
    .rows = R"({"queries": 3, "answers": 2, "AloneQueries": [{...}], "AloneAnswers": []})",
    .options = "limit",
    .make = [](const ReducerConfig& config, Surroundings& around) -> util::Result<std::unique_ptr<Reducer>> {
      auto bound = ListBound::make(config, around);
      if (!bound) return bound.error();
      return {std::make_unique<AlonePackets>(std::move(*bound), around)};
    },
};

}  // namespace rata::reduce
