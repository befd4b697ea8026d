#include "dns/rdata_reader.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "dns/codes.h"
#include "dns/svcb.h"
#include "util/address.h"
#include "util/encoding.h"
#include "util/rr_types.h"

namespace rata::dns {

void RdataReader::read(Field field) {
  if (!cursor_.ok()) return;
  switch (field) {
    case Field::end:
      return;
    case Field::u8:
      return number(cursor_.u8());
    case Field::u16:
      return number(cursor_.u16());
    case Field::u32:
      return number(cursor_.u32());
    case Field::u48: {
      const std::uint64_t high = cursor_.u16();
      return number(high << 32 | cursor_.u32());
    }
    case Field::name:
      return name(Compression::allowed);
    case Field::plain_name:
      return name(Compression::refused);
    case Field::ipv4:
      return address(4);
    case Field::ipv6:
      return address(16);
    case Field::string:
      return string();
    case Field::strings:
      return strings();
    case Field::text:
      return text();
    case Field::tag:
      return tag();
    case Field::hex:
      return hex(cursor_.remaining());
    case Field::base64:
      return base64(cursor_.remaining());
    case Field::maybe_base64:
      return cursor_.remaining() == 0 ? void() : base64(cursor_.remaining());
    case Field::address_hex:
      return address_hex();
    case Field::counted_hex:
      return counted_hex();
    case Field::counted_base32:
      return counted_base32();
    case Field::counted_base64:
      return counted_base64();
    case Field::type:
      blank();
      out_ += util::rr_type_text(cursor_.u16());
      return;
    case Field::type_bitmap:
      return type_bitmap();
    case Field::key_rcode:
      return key_rcode();
    case Field::date:
      return date();
    case Field::eui48:
      return eui(6);
    case Field::eui64:
      return eui(8);
    case Field::locator64:
      return locator64();
    case Field::location:
      return location();
    case Field::service_params:
      return service_params();
    case Field::address_prefixes:
      return address_prefixes();
    case Field::ports:
      return ports();
    case Field::gateway:
      return gateway(octets_[1]);
    case Field::relay_type:
      return relay_type();
    case Field::relay:
      return gateway(octets_[1] & 0x7f);
    case Field::host_identity:
      return host_identity();
  }
}

void RdataReader::blank() {
  if (out_.size() != begin_) out_ += ' ';
}

void RdataReader::number(std::uint64_t value) {
  blank();
  out_ += std::to_string(value);
}

/// At least one octet, else it fails.
std::span<const std::uint8_t> RdataReader::take_some(std::size_t octets) {
  if (octets == 0) cursor_.fail();
  return cursor_.take(octets);
}

void RdataReader::name(Compression compression) {
  blank();
  const std::size_t begin = rdata_.at + cursor_.position();
  std::size_t at = begin;
  if (read_name(rdata_.message.first(rdata_.at + rdata_.size), at, out_, compression) != NameFault::none)
    return cursor_.fail();
  cursor_.skip(at - begin);
}

void RdataReader::address(std::size_t octets) {
  const auto taken = cursor_.take(octets);
  if (!cursor_.ok()) return;
  blank();
  out_ += util::text(util::Address::from(taken));
}

void RdataReader::string() {
  const auto taken = cursor_.take(cursor_.u8());
  blank();
  out_ += '"';
  util::append_escaped(taken, out_);
  out_ += '"';
}

void RdataReader::strings() {
  do {
    string();
  } while (cursor_.remaining() > 0);
}

void RdataReader::text() {
  blank();
  out_ += '"';
  util::append_escaped(cursor_.take(cursor_.remaining()), out_);
  out_ += '"';
}

void RdataReader::tag() {
  const auto taken = take_some(cursor_.u8());
  const auto plain = [](std::uint8_t octet) {
    return (octet >= '0' && octet <= '9') || (octet >= 'A' && octet <= 'Z') || (octet >= 'a' && octet <= 'z');
  };
  if (!std::ranges::all_of(taken, plain)) return cursor_.fail();
  blank();
  util::append_escaped(taken, out_);
}

void RdataReader::hex(std::size_t octets) {
  blank();
  util::append_hex(take_some(octets), out_);
}

void RdataReader::base64(std::size_t octets) {
  blank();
  util::append_base64(take_some(octets), out_);
}

void RdataReader::address_hex() {
  blank();
  out_ += "0x";
  util::append_hex(take_some(cursor_.remaining()), out_);
}

void RdataReader::counted_hex() {
  const auto taken = cursor_.take(cursor_.u8());
  blank();
  if (taken.empty()) out_ += '-';
  util::append_hex(taken, out_);
}

void RdataReader::counted_base32() {
  blank();
  util::append_base32hex(take_some(cursor_.u8()), out_);
}

void RdataReader::counted_base64() {
  const std::uint16_t size = cursor_.u16();
  number(size);
  if (size > 0) base64(size);
}

void RdataReader::type_bitmap() {
  int before = -1;
  while (cursor_.remaining() > 0) {
    const std::uint8_t window = cursor_.u8();
    const auto bits = take_some(cursor_.u8());
    if (window <= before || bits.size() > 32) return cursor_.fail();
    before = window;
    for (unsigned bit = 0; bit < 8 * bits.size(); ++bit) {
      if ((bits[bit / 8] & 0x80 >> bit % 8) == 0) continue;
      blank();
      out_ += util::rr_type_text(static_cast<std::uint16_t>(window << 8 | bit));
    }
  }
}

// RFC 4034 section 3.1.5 compares these by serial number arithmetic; without a clock they are seconds since 1970.
void RdataReader::date() {
  blank();
  const std::chrono::sys_seconds time{std::chrono::seconds(cursor_.u32())};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(out_), "{:04}{:02}{:02}{:02}{:02}{:02}", static_cast<int>(date.year()),
                 static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
}

/// 16 is BADVERS in an OPT record, BADSIG here (RFC 8945 section 3).
void RdataReader::key_rcode() {
  constexpr std::uint16_t badsig = 16;
  const std::uint16_t rcode = cursor_.u16();
  blank();
  out_ += rcode == badsig ? "BADSIG" : rcode_text(rcode);
}

void RdataReader::eui(std::size_t octets) {
  blank();
  bool first = true;
  for (const std::uint8_t octet : cursor_.take(octets))
    fmt::format_to(std::back_inserter(out_), "{}{:02x}", std::exchange(first, false) ? "" : "-", octet);
}

void RdataReader::locator64() {
  blank();
  for (int i = 0; i < 4; ++i) fmt::format_to(std::back_inserter(out_), "{}{:x}", i == 0 ? "" : ":", cursor_.u16());
}

/// LOC: RFC 1876 sections 2 and 3.
void RdataReader::location() {
  if (cursor_.u8() != 0) return cursor_.fail();  // the only version
  const auto sizes = cursor_.take(3);
  constexpr std::uint32_t quarter_circle = 90u * 3600 * 1000;
  degrees(quarter_circle, 'N', 'S');
  degrees(2 * quarter_circle, 'E', 'W');
  constexpr std::int64_t sea_level_cm = 100'000 * 100;
  const std::int64_t altitude_cm = std::int64_t{cursor_.u32()} - sea_level_cm;
  if (!cursor_.ok()) return;
  const std::int64_t amount = altitude_cm < 0 ? -altitude_cm : altitude_cm;
  fmt::format_to(std::back_inserter(out_), " {}{}.{:02}m", altitude_cm < 0 ? "-" : "", amount / 100, amount % 100);
  for (const std::uint8_t size : sizes) {
    if (size >> 4 > 9 || (size & 15) > 9) return cursor_.fail();
    std::uint64_t centimetres = size >> 4;
    for (int i = 0; i < (size & 15); ++i) centimetres *= 10;
    fmt::format_to(std::back_inserter(out_), " {}.{:02}m", centimetres / 100, centimetres % 100);
  }
}

/// Thousandths of an arc second, counted from 2^31.
void RdataReader::degrees(std::uint32_t limit, char positive, char negative) {
  const std::int64_t value = std::int64_t{cursor_.u32()} - (std::int64_t{1} << 31);
  const std::int64_t amount = value < 0 ? -value : value;
  if (amount > limit) return cursor_.fail();
  blank();
  fmt::format_to(std::back_inserter(out_), "{} {} {}.{:03} {}", amount / 3'600'000, amount / 60'000 % 60,
                 amount / 1000 % 60, amount % 1000, value < 0 ? negative : positive);
}

/// APL: RFC 3123 section 4.
void RdataReader::address_prefixes() {
  while (cursor_.remaining() > 0) {
    const std::uint16_t family = cursor_.u16();
    const std::uint8_t prefix = cursor_.u8();
    const std::uint8_t negation_and_size = cursor_.u8();
    const auto part = cursor_.take(negation_and_size & 0x7f);
    util::Address whole;
    whole.v6 = family == 2;
    const std::size_t size = whole.bytes().size();
    if (family < 1 || family > 2 || part.size() > size || prefix > 8 * size) return cursor_.fail();
    std::ranges::copy(part, whole.octets.begin());
    blank();
    fmt::format_to(std::back_inserter(out_), "{}{}:{}/{}", negation_and_size > 0x7f ? "!" : "", family,
                   util::text(whole), prefix);
  }
}

void RdataReader::ports() {
  const auto bits = cursor_.take(cursor_.remaining());
  constexpr std::size_t all_ports_octets = 8192;
  if (bits.size() > all_ports_octets) return cursor_.fail();
  for (std::size_t bit = 0; bit < 8 * bits.size(); ++bit)
    if ((bits[bit / 8] & 0x80 >> bit % 8) != 0) number(bit);
}

void RdataReader::relay_type() {
  const std::uint8_t octet = cursor_.u8();
  number(octet >> 7);
  number(octet & 0x7f);
}

void RdataReader::gateway(unsigned kind) {
  switch (kind) {
    case 0:
      blank();
      out_ += '.';
      return;
    case 1:
      return address(4);
    case 2:
      return address(16);
    case 3:
      return name(Compression::refused);
    default:
      cursor_.fail();
  }
}

/// HIP: RFC 8005 sections 5 and 6.
void RdataReader::host_identity() {
  const std::uint8_t tag_size = cursor_.u8();
  number(cursor_.u8());
  const std::uint16_t key_size = cursor_.u16();
  hex(tag_size);
  base64(key_size);
  while (cursor_.remaining() > 0) name(Compression::refused);
}

void RdataReader::service_params() {
  if (cursor_.remaining() == 0) return;
  blank();
  if (!append_service_params(cursor_.take(cursor_.remaining()), out_)) cursor_.fail();
}

}  // namespace rata::dns
