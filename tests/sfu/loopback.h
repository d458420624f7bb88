// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <utility>

namespace sfu {

// Runs an io_context on a thread, as the control thread does, while a test
// talks to it over loopback sockets. What it serves must be made before, and
// outlive, the object.
class ContextThread {
 public:
  explicit ContextThread(boost::asio::io_context& context)
      : context_(context),
        guard_(context.get_executor()),
        thread_([&context] { context.run(); }) {}
  ~ContextThread() {
    context_.stop();
    thread_.join();
  }
  // Runs `function` on the thread and returns what it returns.
  template <typename Function>
  auto Call(Function function) {
    std::packaged_task<decltype(function())()> task(std::move(function));
    auto result = task.get_future();
    boost::asio::post(context_, [&task] { task(); });
    return result.get();
  }

 private:
  boost::asio::io_context& context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type>
      guard_;
  std::thread thread_;
};

// A blocking socket to 127.0.0.1:`port`. Reads fail after 10 s, so that a test
// of a server that hangs ends.
class LoopbackClient {
 public:
  explicit LoopbackClient(uint16_t port) : socket_(context_) {
    socket_.connect({boost::asio::ip::address_v4::loopback(), port});
    timeval timeout{10, 0};
    setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &timeout,
               sizeof(timeout));
  }
  void Write(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(socket_, boost::asio::buffer(text), ignored);
  }
  // All that comes until the other side closes.
  std::string ReadAll() {
    std::string all;
    char buffer[4096];
    for (;;) {
      const ssize_t count =
          recv(socket_.native_handle(), buffer, sizeof(buffer), 0);
      if (count <= 0) return all;
      all.append(buffer, static_cast<size_t>(count));
    }
  }
  boost::asio::ip::tcp::socket& socket() { return socket_; }

 private:
  boost::asio::io_context context_;
  boost::asio::ip::tcp::socket socket_;
};

// The same over TLS, for which any certificate will do.
class TlsLoopbackClient {
 public:
  explicit TlsLoopbackClient(uint16_t port)
      : client_(port), stream_(client_.socket(), tls_) {}
  // Offers what is set in native() before.
  boost::system::error_code ShakeHands() {
    boost::system::error_code error;
    stream_.handshake(boost::asio::ssl::stream_base::client, error);
    return error;
  }
  void Write(const std::string& text) {
    boost::system::error_code ignored;
    boost::asio::write(stream_, boost::asio::buffer(text), ignored);
  }
  // All that comes until the other side closes, and how it does that.
  std::string ReadAll(boost::system::error_code* end = nullptr) {
    std::string all;
    boost::system::error_code error;
    boost::asio::read(stream_, boost::asio::dynamic_buffer(all), error);
    if (end != nullptr) *end = error;
    return all;
  }
  // The common name of the server's certificate.
  std::string ServerName() {
    X509* certificate = SSL_get1_peer_certificate(native());
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate),
                              NID_commonName, name, sizeof(name));
    X509_free(certificate);
    return name;
  }
  SSL* native() { return stream_.native_handle(); }

 private:
  LoopbackClient client_;
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_client};
  boost::asio::ssl::stream<boost::asio::ip::tcp::socket&> stream_;
};

}  // namespace sfu
