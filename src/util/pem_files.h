#pragma once

#include <openssl/types.h>

#include <string>

#include "util/result.h"

namespace rata::util {

/// What a server and a client of TLS do alike: show who they are, by files in PEM form. No one is asked for the
/// passphrase of a key that has one: it cannot be used.

/// The own certificate first, then those between it and its authority. Errors: why it cannot be used.
Result<void> use_certificate(SSL_CTX* context, const std::string& file);

/// The key of the certificate that the context has. Errors: why it cannot be used: also when others than its owner and
/// group may read it, or when it is another certificate's.
Result<void> use_key(SSL_CTX* context, const std::string& file);

}  // namespace rata::util
