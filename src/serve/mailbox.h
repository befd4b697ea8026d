#pragma once

#include "serve/coroutines.h"  // before the rest of Asio

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <functional>

#include "util/guarded.h"

namespace rata::serve {

/// The way to the server's thread for those who may outlive it. Thread: any.
class Mailbox {
 public:
  explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

  /// Runs it on the server's thread, if that still is there.
  void post(std::function<void()> work) {
    io_.with([&](boost::asio::io_context* io) {
      if (io != nullptr) boost::asio::post(*io, std::move(work));
    });
  }
  void close() {
    io_.with([](boost::asio::io_context*& io) { io = nullptr; });
  }

 private:
  util::Guarded<boost::asio::io_context*> io_;
};

}  // namespace rata::serve
