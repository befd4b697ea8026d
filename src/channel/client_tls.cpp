#include "channel/client_tls.h"

#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <boost/asio/ip/address.hpp>

#include "util/pem_files.h"

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
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    SSL_set_hostflags(connection, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    done = SSL_set1_host(connection, name.c_str()) == 1 && SSL_set_tlsext_host_name(connection, name.c_str()) == 1;
  } else {
    done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(connection), host.c_str()) == 1;
  }
  if (!done) return util::Error{fmt::format("\"{}\" is neither a host's name nor an address", host)};
  return {};
}

std::string handshake_fault(const SSL* connection, const std::string& host, error_code error) {
  const long verified = SSL_get_verify_result(connection);
  if (verified == X509_V_OK) return fmt::format("TLS: {}", error.message());
  return fmt::format("TLS: the certificate of {} is not accepted: {}; ca_file names the authorities that are", host,
                     X509_verify_cert_error_string(verified));
}

}  // namespace rata::channel
