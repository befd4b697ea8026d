#include "reduce/anonymizer.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <new>
#include <optional>
#include <vector>

#include "util/encoding.h"
#include "util/secret_file.h"

namespace rata::reduce {
namespace {

using Method = AnonymizerConfig::Method;
using Octets = std::span<const std::uint8_t>;

constexpr std::size_t block_octets = 16, key_octets = 32, hash_octets = 8;
using Key = std::array<std::uint8_t, key_octets>;

constexpr struct {
  Method method;
  std::string_view name;
} methods[] = {
    {Method::none, "none"}, {Method::crypto_pan, "crypto-pan"}, {Method::hash, "hash"}, {Method::truncate, "truncate"}};

std::optional<std::uint8_t> digit(char character) {
  if (character >= '0' && character <= '9') return static_cast<std::uint8_t>(character - '0');
  const char lower = static_cast<char>(character | 0x20);
  if (lower >= 'a' && lower <= 'f') return static_cast<std::uint8_t>(lower - 'a' + 10);
  return std::nullopt;
}

std::optional<Key> key_of_digits(std::string_view text) {
  Key key;
  for (std::size_t i = 0; i < key.size(); ++i) {
    const auto high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
    if (!high || !low) return std::nullopt;
    key[i] = static_cast<std::uint8_t>(*high << 4 | *low);
  }
  return key;
}

util::Result<Key> read_key(const std::string& path) {
  const auto content = util::read_secret(path);
  if (!content) return util::Error{fmt::format("anonymise: key_file {}", content.error().message)};
  const std::string text = content->size() == key_octets ? *content : util::without_line_end(*content);
  if (text.size() == 2 * key_octets)
    if (const auto key = key_of_digits(text)) return *key;
  Key key{};
  if (text.size() == key_octets) {
    std::ranges::copy(text, key.begin());
    return key;
  }
  return util::Error{
      fmt::format("anonymise: key_file {}: has {} octets; a key is 32 octets or their 64 hexadecimal digits, as "
                  "`openssl rand -hex 32` makes them",
                  path, text.size())};
}

util::Result<Key> random_key() {
  Key key;
  if (RAND_bytes(key.data(), static_cast<int>(key.size())) != 1)
    return util::Error{"anonymise: this machine gives no random octets for a key"};
  return key;
}

/// AES-128 of whole blocks, each for itself. A broken promise of the library is one of ours: it has no input to refuse.
void encrypt(Octets key, Octets in, std::uint8_t* out) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(EVP_CIPHER_CTX_new(),
                                                                                EVP_CIPHER_CTX_free);
  int written = 0;
  const bool done = context &&
                    EVP_EncryptInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr) == 1 &&
                    EVP_CIPHER_CTX_set_padding(context.get(), 0) == 1 &&
                    EVP_EncryptUpdate(context.get(), out, &written, in.data(), static_cast<int>(in.size())) == 1;
  // Going on would show what was to be hidden.
  if (!done || static_cast<std::size_t>(written) != in.size()) throw std::bad_alloc();
}

/// The first `bits` bits of `octets`; the others come from `rest`.
void mix(Octets octets, unsigned bits, Octets rest, std::uint8_t* out) {
  for (std::size_t i = 0; i < octets.size(); ++i) {
    const unsigned kept = bits >= 8 * (i + 1) ? 8 : bits <= 8 * i ? 0 : bits - static_cast<unsigned>(8 * i);
    const auto mask = static_cast<std::uint8_t>(0xff00u >> kept);
    out[i] = static_cast<std::uint8_t>((octets[i] & mask) | (rest[i] & ~mask));
  }
}

util::Address first_bits(const util::Address& address, unsigned bits) {
  constexpr std::array<std::uint8_t, block_octets> zeros{};
  util::Address cut = address;
  mix(address.bytes(), bits, zeros, cut.octets.data());
  return cut;
}

}  // namespace

struct Anonymizer::State {
  Method method;
  unsigned ipv4_bits, ipv6_bits;
  Key key;
  std::array<std::uint8_t, block_octets> pad;  ///< Crypto-PAn: the key's second half, encrypted

  unsigned bits(const util::Address& address) const { return address.v6 ? ipv6_bits : ipv4_bits; }
  Octets cipher_key() const { return Octets(key).first(block_octets); }
};

util::Result<Method> anonymizer_method(std::string_view wanted) {
  std::string known;
  for (const auto& [method, name] : methods) {
    if (name == wanted) return method;
    known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", name);
  }
  return util::Error{fmt::format("there is no method \"{}\" of making anonymous; there are: {}", wanted, known)};
}

std::string_view name(Method method) { return methods[static_cast<std::size_t>(method)].name; }

util::Result<Anonymizer> Anonymizer::make(const AnonymizerConfig& config) {
  Anonymizer made;
  if (config.method == Method::none) return made;
  if (config.ipv4_bits > 32 || config.ipv6_bits > 128)
    return util::Error{"anonymise: an IPv4 address has 32 bits and an IPv6 address 128: no more can be kept"};
  const auto key = config.key_file.empty() || !config.has_key() ? random_key() : read_key(config.key_file);
  if (!key) return key.error();
  State state{config.method, config.ipv4_bits, config.ipv6_bits, *key, {}};
  encrypt(state.cipher_key(), Octets(state.key).last(block_octets), state.pad.data());
  made.state_ = std::make_shared<const State>(state);
  return made;
}

bool Anonymizer::joins() const { return state_ && state_->method == Method::truncate; }

util::Address Anonymizer::counted(const util::Address& address) const {
  return joins() ? first_bits(address, state_->bits(address)) : address;
}

unsigned Anonymizer::counted_bits(const util::Address& address, unsigned bits) const {
  return joins() ? std::min(bits, state_->bits(address)) : bits;
}

/// Each bit is turned by a bit that depends on those before it and on nothing else: the first of the block that AES
/// makes of them with the pad behind. All blocks of an address are encrypted at once.
util::Address Anonymizer::crypto_pan(const util::Address& address) const {
  std::array<std::uint8_t, 128 * block_octets> blocks, encrypted;
  const Octets octets = address.bytes();
  const std::size_t bits = 8 * octets.size();
  for (std::size_t bit = 0; bit < bits; ++bit) {
    std::uint8_t* block = blocks.data() + bit * block_octets;
    std::ranges::copy(state_->pad, block);
    mix(octets, static_cast<unsigned>(bit), state_->pad, block);
  }
  encrypt(state_->cipher_key(), Octets(blocks).first(bits * block_octets), encrypted.data());
  util::Address turned = address;
  for (std::size_t bit = 0; bit < bits; ++bit)
    turned.octets[bit / 8] ^= static_cast<std::uint8_t>((encrypted[bit * block_octets] & 0x80u) >> bit % 8);
  return turned;
}

/// `kind` keeps an address, a prefix and another text of the same octets apart.
std::string Anonymizer::hash(std::string_view kind, Octets octets) const {
  std::vector<std::uint8_t> input(kind.begin(), kind.end());
  input.push_back(0);
  input.insert(input.end(), octets.begin(), octets.end());
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest;
  if (HMAC(EVP_sha256(), state_->key.data(), static_cast<int>(state_->key.size()), input.data(), input.size(),
           digest.data(), nullptr) == nullptr)
    throw std::bad_alloc();
  return util::hex(Octets(digest).first(hash_octets));
}

std::string Anonymizer::text(const util::Address& address) const {
  if (!state_) return util::text(address);
  switch (state_->method) {
    case Method::crypto_pan:
      return util::text(crypto_pan(address));
    case Method::hash:
      return hash("address", address.bytes());
    case Method::truncate:
    case Method::none:
      return util::text(counted(address));
  }
  return "";
}

std::string Anonymizer::hex_text(const util::Address& address) const {
  if (!state_) return util::hex(address);
  if (state_->method == Method::hash) return hash("address", address.bytes());
  return util::hex(state_->method == Method::crypto_pan ? crypto_pan(address) : counted(address));
}

std::string Anonymizer::prefix_text(const util::Address& address, unsigned bits) const {
  assert(bits <= 8 * address.bytes().size());
  util::Address prefix = first_bits(address, bits);
  if (state_ && state_->method == Method::hash) return fmt::format("{}/{}", hash("prefix", prefix.bytes()), bits);
  // The turned bits behind the prefix would say nothing: they are cut off again.
  if (state_ && state_->method == Method::crypto_pan) prefix = first_bits(crypto_pan(prefix), bits);
  return fmt::format("{}/{}", util::text(counted(prefix)), counted_bits(address, bits));
}

std::string Anonymizer::opaque_text(std::string_view given) const {
  if (!state_) return std::string(given);
  return hash("text", {reinterpret_cast<const std::uint8_t*>(given.data()), given.size()});
}

}  // namespace rata::reduce
