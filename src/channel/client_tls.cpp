#include "channel/client_tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>
#include <ctime>
#include <memory>

#include "util/owned.h"
#include "util/pem_files.h"
#include "util/utf8.h"

namespace rata::channel {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using Context = std::shared_ptr<asio::ssl::context>;

util::Error unusable(std::string_view key, const std::string& file, std::string_view why) {
  return {fmt::format("{} {}: {}; it names a file in PEM form", key, file, why)};
}

util::Result<void> trust(asio::ssl::context& context, const std::string& ca_file) {
  error_code error;
  if (ca_file.empty()) {
    context.set_default_verify_paths(error);
    if (error) return util::Error{fmt::format("the system's certificate authorities: {}", error.message())};
    return {};
  }
  context.load_verify_file(ca_file, error);
  if (error) return unusable("ca_file", ca_file, error.message());
  return {};
}

util::Result<void> show(SSL_CTX* context, const Settings& settings) {
  if (settings.certificate_file.empty() && settings.key_file.empty()) return {};
  if (settings.certificate_file.empty() || settings.key_file.empty())
    return util::Error{"has one of certificate_file and key_file: both, or neither"};
  if (const auto used = util::use_certificate(context, settings.certificate_file); !used)
    return unusable("certificate_file", settings.certificate_file, used.error().message);
  if (const auto used = util::use_key(context, settings.key_file); !used)
    return unusable("key_file", settings.key_file, used.error().message);
  return {};
}

/// What the server showed as its own; null: nothing yet. OpenSSL knows it as the peer's only once it is accepted.
const X509* shown_by_server(const SSL* connection) {
  const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(connection);
  return chain == nullptr || sk_X509_num(chain) == 0 ? nullptr : sk_X509_value(chain, 0);
}

std::string text_of(const ASN1_TIME* time) {
  std::tm utc{};
  if (ASN1_TIME_to_tm(time, &utc) != 1) return "a time that cannot be read";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", utc.tm_year + 1900, utc.tm_mon + 1, utc.tm_mday,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/// "DNS:hub.example, IP Address:192.0.2.1"; of one without such names its subject.
std::string names_in(const X509* certificate) {
  const util::Owned<BIO, BIO_free> text(BIO_new(BIO_s_mem()));
  if (const int at = X509_get_ext_by_NID(certificate, NID_subject_alt_name, -1); at >= 0)
    X509V3_EXT_print(text.get(), X509_get_ext(certificate, at), 0, 0);
  else
    X509_NAME_print_ex(text.get(), X509_get_subject_name(certificate), 0, XN_FLAG_RFC2253);
  char* octets = nullptr;
  const long size = BIO_get_mem_data(text.get(), &octets);
  constexpr std::size_t most_octets = 200;
  return util::printable({octets, static_cast<std::size_t>(size)}, most_octets);
}

std::string hint_of_end(const X509* shown) {
  if (X509_cmp_current_time(X509_get0_notAfter(shown)) > 0)
    return "it is that of an authority: ca_file, or what the server shows behind its own, needs the new one";
  return fmt::format("it ended at {}: the server needs a new one, if the clock here is right",
                     text_of(X509_get0_notAfter(shown)));
}

std::string hint_of_beginning(const X509* shown) {
  return fmt::format("it begins at {}: compare the clocks of both machines", text_of(X509_get0_notBefore(shown)));
}

/// What helps against a fault of a certificate; empty: the fault says all.
std::string hint_of(long fault, const X509* shown) {
  switch (fault) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return shown == nullptr ? "" : hint_of_end(shown);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return shown == nullptr ? "" : hint_of_beginning(shown);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return shown == nullptr ? "" : fmt::format("it is for {}: url has to name one of those", names_in(shown));
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:  // another authority of the same name
    case X509_V_ERR_CERT_UNTRUSTED:
      return "ca_file names the authorities that are";
    default:
      return "";
  }
}

}  // namespace

util::Result<Context> client_tls(const Settings& settings) {
  const auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context->native_handle(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_verify(context->native_handle(), SSL_VERIFY_PEER, nullptr);
  if (auto trusted = trust(*context, settings.ca_file); !trusted) return trusted.error();
  if (auto shown = show(context->native_handle(), settings); !shown) return shown.error();
  return context;
}

util::Result<void> expect_server(SSL* connection, const std::string& host) {
  error_code is_a_name;
  asio::ip::make_address(host, is_a_name);
  bool done = false;
  if (is_a_name) {
    // A name may end with the root's dot, to be looked up as it is; certificates and SNI are without, and SNI takes no
    // addresses. Source: RFC 6066 section 3.
    std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    // What SSL_set_tlsext_host_name() stands for, without its casts.
    done = SSL_set1_host(connection, name.c_str()) == 1 &&
           SSL_ctrl(connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, name.data()) == 1;
  } else {
    done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  if (!done) return util::Error{fmt::format("\"{}\" is neither a host's name nor an address", host)};
  return {};
}

std::string handshake_fault(const SSL* connection, const std::string& host, error_code error) {
  const long verified = SSL_get_verify_result(connection);
  if (verified == X509_V_OK) return fmt::format("TLS: {}", error.message());
  const std::string hint = hint_of(verified, shown_by_server(connection));
  return fmt::format("TLS: the certificate of {} is not accepted: {}{}{}", host,
                     X509_verify_cert_error_string(verified), hint.empty() ? "" : "; ", hint);
}

}  // namespace rata::channel
