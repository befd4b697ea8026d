#pragma once

#if defined(__GNUC__) && !defined(__clang__)
// g++ 12 with sanitizers: it takes Asio's own allocation of coroutine frames for a mismatch, and an empty
// boost::optional for a read one.
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

#include <utility>  // before Asio: its coroutines need std::exchange and do not ask for it

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace rata::serve {

/// Completion of an operation: errors go to `error`.
inline auto into(boost::system::error_code& error) {
  return boost::asio::redirect_error(boost::asio::use_awaitable, error);
}

}  // namespace rata::serve
