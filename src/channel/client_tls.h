#pragma once

#include <utility>  // before Asio: its coroutines need std::exchange and do not ask for it

#include <boost/asio/ssl/context.hpp>
#include <boost/system/error_code.hpp>
#include <memory>
#include <string>

#include "channel/channel.h"
#include "util/result.h"

namespace rata::channel {

/// The client's side of TLS 1.2 and later, for one connection: authorities from `ca_file` or the system, and the
/// certificate that is shown to a server that asks. The files are read now, so that renewed ones are used by the next
/// connection. Errors: the file that cannot be used, and why.
util::Result<std::shared_ptr<boost::asio::ssl::context>> client_tls(const Settings& settings);

/// Before the handshake: the server has to show a certificate for `host`, a name (asked for by SNI) or an address.
/// Errors: `host` is neither.
util::Result<void> expect_server(SSL* connection, const std::string& host);

/// Why a handshake failed, for the operator: what was wrong with the certificate and what helps, or what the error
/// says.
std::string handshake_fault(const SSL* connection, const std::string& host, boost::system::error_code error);

}  // namespace rata::channel
