#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "util/address.h"
#include "util/result.h"

namespace rata::reduce {

/// How addresses are made anonymous, as the configuration says.
struct AnonymizerConfig {
  enum class Method {
    none,
    crypto_pan,  ///< another address, prefixes kept: what shares n bits still does (Xu, Fan, Ammar, Moon 2002)
    hash,        ///< 16 hexadecimal digits of HMAC-SHA-256, keyed
    truncate,    ///< the first bits, the others zero
  };
  Method method = Method::none;
  std::string key_file;  ///< 32 octets, or their 64 hexadecimal digits; empty: a random key for this start
  unsigned ipv4_bits = 24, ipv6_bits = 48;  ///< kept by `truncate`

  bool has_key() const { return method == Method::crypto_pan || method == Method::hash; }
};

/// "crypto-pan" and so on. Errors: there is no such method; which there are.
util::Result<AnonymizerConfig::Method> anonymizer_method(std::string_view name);
std::string_view name(AnonymizerConfig::Method method);

/// Makes addresses anonymous on their way out. Crypto-PAn and hash are one to one (the hash as good as: two of a
/// million addresses share one with a chance of 3e-8), so counting is not disturbed and they are asked only when a key
/// is shown; truncation joins addresses and happens when the key is made. Copies share the key. Thread: any, at once.
class Anonymizer {
 public:
  /// Changes nothing.
  Anonymizer() = default;

  /// Errors: the key's file cannot be read, may be read by others, or holds no key; too many bits.
  static util::Result<Anonymizer> make(const AnonymizerConfig& config);

  bool changes() const { return state_ != nullptr; }

  /// Different addresses may become one: `counted` changes them.
  bool joins() const;
  /// What to count by: `truncate` cuts here, all others give the address back.
  util::Address counted(const util::Address& address) const;
  /// The same for the length of a prefix of that address.
  unsigned counted_bits(const util::Address& address, unsigned bits) const;

  /// An address as it may be shown, from what `counted` gave: RFC 5952, or the hash's digits.
  std::string text(const util::Address& address) const;
  /// The same in the older form, eight or 32 hexadecimal digits.
  std::string hex_text(const util::Address& address) const;
  /// The first `bits` bits of an address (the others are not looked at) as "192.0.2.0/24", or hash and length.
  std::string prefix_text(const util::Address& address, unsigned bits) const;
  /// What a source gave in place of an address: nobody knows that it is none, so it is hashed whatever the method.
  std::string opaque_text(std::string_view text) const;

 private:
  struct State;

  std::string hash(std::string_view kind, std::span<const std::uint8_t> octets) const;
  util::Address crypto_pan(const util::Address& address) const;

  std::shared_ptr<const State> state_;
};

}  // namespace rata::reduce
