#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "serve/server.h"
#include "util/result.h"

namespace rata::serve {

/// TLS 1.2 and later, HTTP/1.1 by ALPN, no session tickets. Lifetime: connections made of it keep what they need.
/// Errors: the file that cannot be used, and why.
util::Result<std::shared_ptr<boost::asio::ssl::context>> read_tls(const Tls& files);

/// Common name and alternative names of the certificate that the client showed; empty: none, or it was not verified.
std::vector<std::string> certificate_names(SSL* connection);

}  // namespace rata::serve
