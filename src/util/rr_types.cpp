#include "util/rr_types.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <system_error>

namespace rata::util {
namespace {

struct Named {
  std::uint16_t code;
  std::string_view text;
};

// Ascending by code. 54, 69 to 98, 110 to 127 and 129 to 248 are not assigned.
constexpr Named named[] = {
    {1, "A"},          {2, "NS"},        {3, "MD"},          {4, "MF"},     {5, "CNAME"},     {6, "SOA"},
    {7, "MB"},         {8, "MG"},        {9, "MR"},          {10, "NULL"},  {11, "WKS"},      {12, "PTR"},
    {13, "HINFO"},     {14, "MINFO"},    {15, "MX"},         {16, "TXT"},   {17, "RP"},       {18, "AFSDB"},
    {19, "X25"},       {20, "ISDN"},     {21, "RT"},         {22, "NSAP"},  {23, "NSAP-PTR"}, {24, "SIG"},
    {25, "KEY"},       {26, "PX"},       {27, "GPOS"},       {28, "AAAA"},  {29, "LOC"},      {30, "NXT"},
    {31, "EID"},       {32, "NIMLOC"},   {33, "SRV"},        {34, "ATMA"},  {35, "NAPTR"},    {36, "KX"},
    {37, "CERT"},      {38, "A6"},       {39, "DNAME"},      {40, "SINK"},  {41, "OPT"},      {42, "APL"},
    {43, "DS"},        {44, "SSHFP"},    {45, "IPSECKEY"},   {46, "RRSIG"}, {47, "NSEC"},     {48, "DNSKEY"},
    {49, "DHCID"},     {50, "NSEC3"},    {51, "NSEC3PARAM"}, {52, "TLSA"},  {53, "SMIMEA"},   {55, "HIP"},
    {56, "NINFO"},     {57, "RKEY"},     {58, "TALINK"},     {59, "CDS"},   {60, "CDNSKEY"},  {61, "OPENPGPKEY"},
    {62, "CSYNC"},     {63, "ZONEMD"},   {64, "SVCB"},       {65, "HTTPS"}, {66, "DSYNC"},    {67, "HHIT"},
    {68, "BRID"},      {99, "SPF"},      {100, "UINFO"},     {101, "UID"},  {102, "GID"},     {103, "UNSPEC"},
    {104, "NID"},      {105, "L32"},     {106, "L64"},       {107, "LP"},   {108, "EUI48"},   {109, "EUI64"},
    {128, "NXNAME"},   {249, "TKEY"},    {250, "TSIG"},      {251, "IXFR"}, {252, "AXFR"},    {253, "MAILB"},
    {254, "MAILA"},    {255, "ANY"},     {256, "URI"},       {257, "CAA"},  {258, "AVC"},     {259, "DOA"},
    {260, "AMTRELAY"}, {261, "RESINFO"}, {262, "WALLET"},    {263, "CLA"},  {264, "IPN"},     {32768, "TA"},
    {32769, "DLV"},
};

constexpr std::string_view unnamed_prefix = "TYPE";  // RFC 3597 section 5

static_assert(std::ranges::is_sorted(named, {}, &Named::code));

/// One bit a code.
constexpr auto assigned = [] {
  std::array<std::uint64_t, 65'536 / 64> bits{};
  for (const Named& row : named) bits[row.code / 64] |= std::uint64_t{1} << row.code % 64;
  return bits;
}();

constexpr char upper(char letter) {
  return letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
}

bool same_letters(std::string_view left, std::string_view right) {
  return std::ranges::equal(left, right, [](char a, char b) { return upper(a) == upper(b); });
}

std::optional<std::uint16_t> number(std::string_view digits) {
  std::uint16_t code = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), code);
  if (error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
  return code;
}

}  // namespace

std::string rr_type_text(std::uint16_t code) {
  const auto* row = std::ranges::lower_bound(named, code, {}, &Named::code);
  if (row != std::end(named) && row->code == code) return std::string(row->text);
  return std::string(unnamed_prefix) + std::to_string(code);
}

bool rr_type_is_assigned(std::uint16_t code) noexcept { return (assigned[code / 64] >> code % 64 & 1) != 0; }

std::optional<std::uint16_t> rr_type_from_text(std::string_view text) {
  for (const Named& row : named)
    if (same_letters(row.text, text)) return row.code;
  if (text.size() <= unnamed_prefix.size() || !same_letters(text.substr(0, unnamed_prefix.size()), unnamed_prefix))
    return std::nullopt;
  return number(text.substr(unnamed_prefix.size()));
}

}  // namespace rata::util
