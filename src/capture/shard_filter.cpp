#include "capture/shard_filter.h"

#include <linux/if_arp.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>

#include <cstdint>

#include "util/pair_hash.h"

namespace rata::capture {
namespace {

constexpr std::uint32_t whole_packet = UINT32_MAX;

constexpr std::uint32_t ipv4_addresses_at = 12, ipv4_address_words = 2;  // RFC 791 section 3.1
constexpr std::uint32_t ipv6_addresses_at = 8, ipv6_address_words = 8;   // RFC 8200 section 3

sock_filter statement(unsigned code, std::uint32_t k) { return BPF_STMT(static_cast<std::uint16_t>(code), k); }

/// Jumps are counted in instructions behind this one.
sock_filter jump_if_equal(std::uint32_t k, std::size_t when, std::size_t otherwise) {
  return BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, static_cast<std::uint8_t>(when), static_cast<std::uint8_t>(otherwise));
}

sock_filter load_word(std::uint32_t at) { return statement(BPF_LD | BPF_W | BPF_ABS, at); }

/// What the kernel knows of a packet without looking into it: SKF_AD_.
sock_filter load_fact(int fact) { return load_word(static_cast<std::uint32_t>(SKF_AD_OFF + fact)); }

void append(Program& program, const Program& more) { program.insert(program.end(), more.begin(), more.end()); }

Program xor_of_words(std::uint32_t at, std::uint32_t words) {
  Program program = {load_word(at)};
  for (std::uint32_t i = 1; i < words; ++i)
    append(program, {statement(BPF_MISC | BPF_TAX, 0), load_word(at + 4 * i), statement(BPF_ALU | BPF_XOR | BPF_X, 0)});
  return program;
}

/// The accumulator holds the words of both addresses, and then the ring. `util::pair_hash` has the reasons.
Program ring_of_words(const Dealing& dealing) {
  return {statement(BPF_MISC | BPF_TAX, 0),
          statement(BPF_ALU | BPF_RSH | BPF_K, util::pair_hash_fold),
          statement(BPF_ALU | BPF_XOR | BPF_X, 0),
          statement(BPF_ALU | BPF_MUL | BPF_K, util::pair_hash_factor),
          statement(BPF_ALU | BPF_RSH | BPF_K, util::pair_hash_fold),
          statement(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(dealing.shards)),
          statement(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(dealing.rings))};
}

/// Leaves the ring in the accumulator.
Program compute_ring(const Dealing& dealing, std::uint32_t network) {
  const Program v4 = xor_of_words(network + ipv4_addresses_at, ipv4_address_words);
  const Program v6 = xor_of_words(network + ipv6_addresses_at, ipv6_address_words);
  const Program ring = ring_of_words(dealing);
  // Three parts behind each other, those for IPv4 and for neither with a jump at their end.
  const std::size_t neither_size = 2, v4_size = v4.size() + 1;
  Program program = {load_fact(SKF_AD_PROTOCOL), jump_if_equal(ETH_P_IP, 1 + neither_size, 0),
                     jump_if_equal(ETH_P_IPV6, neither_size + v4_size, 0)};
  append(program, {statement(BPF_LD | BPF_IMM, 0),
                   statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(v4_size + v6.size() + ring.size()))});
  append(program, v4);
  program.push_back(statement(BPF_JMP | BPF_JA, static_cast<std::uint32_t>(v6.size())));
  append(program, v6);
  append(program, ring);
  return program;
}

}  // namespace

Program ring_number(const Dealing& dealing) {
  // A group's program sees incoming packets from the network layer on and outgoing ones from the link layer on.
  Program program = compute_ring(dealing, static_cast<std::uint32_t>(SKF_NET_OFF));
  program.push_back(statement(BPF_RET | BPF_A, 0));
  return program;
}

Program only_ring(const Dealing& dealing, std::size_t mine, std::size_t header_octets) {
  Program program = compute_ring(dealing, static_cast<std::uint32_t>(header_octets));
  append(program, {jump_if_equal(static_cast<std::uint32_t>(mine), 1, 0), statement(BPF_RET | BPF_K, 0)});
  return program;
}

Program no_echo() {
  return {load_fact(SKF_AD_HATYPE), jump_if_equal(ARPHRD_LOOPBACK, 0, 3), load_fact(SKF_AD_PKTTYPE),
          jump_if_equal(PACKET_OUTGOING, 0, 1), statement(BPF_RET | BPF_K, 0)};
}

Program accept_all() { return {statement(BPF_RET | BPF_K, whole_packet)}; }
Program reject_all() { return {statement(BPF_RET | BPF_K, 0)}; }

}  // namespace rata::capture
