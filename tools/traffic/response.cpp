#include "traffic/response.h"

namespace rata::traffic {
namespace {

constexpr std::uint32_t ttl_s = 3600;
constexpr std::uint32_t negative_ttl_s = 900;
constexpr std::uint32_t algorithm_ecdsa_p256 = 13;
constexpr std::uint32_t signature_expires_s = 1'702'000'000;
constexpr std::uint32_t signature_begins_s = 1'699'000'000;
constexpr std::uint32_t digest_octets = 20;  // SHA-1, the only one of NSEC3

}  // namespace

std::uint32_t Response::begin_record(std::uint32_t owner, std::uint32_t type, std::uint32_t ttl) {
  message.put_pointer(owner);
  message.put16(type);
  message.put16(class_in);
  message.put32(ttl);
  message.put16(0);
  return message.size();
}

void Response::end_record(std::uint32_t rdata) { message.patch16(rdata - 2, message.size() - rdata); }

void Response::put_rrsig(std::uint32_t owner, std::uint32_t covered, std::uint64_t seed, std::uint32_t signature_octets,
                         std::string_view signer) {
  const std::uint32_t rdata = begin_record(owner, type_rrsig, ttl_s);
  message.put16(covered);
  message.put8(algorithm_ecdsa_p256);
  message.put8(1);  // labels
  message.put32(ttl_s);
  message.put32(signature_expires_s);
  message.put32(signature_begins_s);
  message.put16(static_cast<std::uint32_t>(seed & 0xffff));  // key tag
  message.put_label(signer);
  message.put8(0);
  message.put_scattered(seed, signature_octets);
  end_record(rdata);
}

void Response::put_soa(std::uint32_t tld) {
  const std::uint32_t rdata = begin_record(tld, type_soa, negative_ttl_s);
  message.put_label("a");
  message.put_label("nic");
  message.put_pointer(tld);
  message.put_label("dnsmaster");
  message.put_pointer(rdata + 2);  // nic.TLD, behind the label "a"
  message.put32(2'023'111'401);    // serial
  message.put32(3600);             // refresh
  message.put32(900);              // retry
  message.put32(604'800);          // expire
  message.put32(negative_ttl_s);
  end_record(rdata);
}

void Response::put_nsec3(std::uint32_t tld, std::uint64_t seed, std::string_view signer) {
  constexpr std::string_view base32 = "0123456789abcdefghijklmnopqrstuv";
  const std::uint32_t owner = message.size();
  message.put8(32);
  std::uint64_t bits = seed;
  for (int i = 0; i < 32; ++i) {
    message.put_text(base32.substr(bits & 31, 1));
    bits = mix(bits);
  }
  message.put_pointer(tld);
  message.put16(type_nsec3);
  message.put16(class_in);
  message.put32(negative_ttl_s);
  message.put16(0);
  const std::uint32_t rdata = message.size();
  message.put8(1);   // SHA-1
  message.put8(1);   // opt-out
  message.put16(0);  // iterations, as RFC 9276 wants
  message.put8(0);   // salt
  message.put8(digest_octets);
  message.put_scattered(seed, digest_octets);
  message.put16(0x0006);  // types: window 0, six octets: NS, DS and RRSIG
  message.put32(0x20000000);
  message.put16(0x0012);
  end_record(rdata);
  put_rrsig(owner, type_nsec3, seed + 1, ecdsa_signature_octets, signer);
  authorities += 2;
}

void Response::cut_to_question(std::uint32_t size) {
  message.cut(size);
  answers = authorities = additionals = 0;
}

void Response::finish(std::uint32_t opcode, bool recursion_desired) {
  message.patch16(2, flag_qr | opcode << opcode_shift | (authoritative ? flag_aa : 0) | (truncated ? flag_tc : 0) |
                         (recursion_desired ? flag_rd : 0) | static_cast<std::uint32_t>(rcode));
  message.patch16(6, answers);
  message.patch16(8, authorities);
  message.patch16(10, additionals);
}

}  // namespace rata::traffic
